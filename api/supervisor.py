"""Child processes: started, watched, started again when they die, and stopped in order.

A child ends by itself when its supervisor is killed: it holds the reading end of a pipe, its supervisor the other.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LIFELINE = "SUPERVISOR_LIFELINE"
_SECONDS_TO_END = 3  # after the supervisor's death; the next portal waits for the port a little longer than this
_SECONDS_TO_STOP = 10
_MOST_RESTARTS = 5
_WINDOW = 60.0
_FIRST_PAUSE = 0.5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: its name, its command line, its log, and the sockets that it is to listen on."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    sockets: Sequence[socket.socket] = ()


class ChildFailedError(Exception):
    """A child dies again and again; the message names its log."""


class Supervisor:
    """The children of this process, in the order of their start."""

    def __init__(self, *, first_pause: float = _FIRST_PAUSE, patience: float = _SECONDS_TO_STOP) -> None:
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._first_pause = first_pause
        self._patience = patience
        self._launching = asyncio.Lock()  # a launch that is cancelled half-way would leave a child that nobody knows
        self._lifeline, self._held = os.pipe()  # Python's pipes are not inherited unless passed on

    async def start(self, program: Program) -> None:
        """Start a program, and again whenever it ends."""
        self._children[program.name] = await self._launch(program)
        self._keepers[program.name] = asyncio.create_task(self._keep(program))

    async def failed(self) -> None:
        """Wait until a child cannot be kept alive.

        Raises:
            ChildFailedError: it died more often than is reasonable.
        """
        done, _ = await asyncio.wait(self._keepers.values(), return_when=asyncio.FIRST_COMPLETED)
        for keeper in done:
            keeper.result()

    def pids(self) -> dict[str, int]:
        """The process id of each child, by its name."""
        return {name: process.pid for name, process in self._children.items()}

    async def stop(self) -> None:
        """Stop all children, the last started first: asked, then after a while killed."""
        for name in reversed(list(self._children)):
            async with self._launching:
                self._keepers[name].cancel()
            # A keeper that failed has been heard by now, and the other children are to be stopped all the same.
            await asyncio.gather(self._keepers[name], return_exceptions=True)
            await _end(name, self._children[name], self._patience)
        self._children.clear()
        self._keepers.clear()
        for end in (self._lifeline, self._held):
            with contextlib.suppress(OSError):
                os.close(end)

    async def _launch(self, program: Program) -> asyncio.subprocess.Process:
        with program.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **program.environment, _LIFELINE: str(self._lifeline)},
                pass_fds=[self._lifeline, *(listening.fileno() for listening in program.sockets)],
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
            )

    async def _keep(self, program: Program) -> None:
        deaths: deque[float] = deque()
        while True:
            status = await self._children[program.name].wait()
            now = time.monotonic()
            deaths.append(now)
            while deaths[0] < now - _WINDOW:
                deaths.popleft()
            _log.warning("%s ended with status %s", program.name, status)
            if len(deaths) > _MOST_RESTARTS:
                raise ChildFailedError(
                    f"{program.name} ended {len(deaths)} times within a minute; the reason is in {program.log}"
                )
            await asyncio.sleep(self._first_pause * 2 ** (len(deaths) - 1))
            async with self._launching:
                self._children[program.name] = await self._launch(program)


def end_with_supervisor() -> None:
    """In a child: end when the supervisor is gone; without a supervisor nothing happens."""
    lifeline = os.environ.pop(_LIFELINE, None)
    if lifeline is not None:
        threading.Thread(target=_end_at_eof, args=(int(lifeline),), daemon=True, name="lifeline").start()


def _end_at_eof(lifeline: int) -> None:
    os.read(lifeline, 1)  # nobody writes: it returns when the last writing end is closed, which is the supervisor's
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    os.kill(os.getpid(), signal.SIGKILL)


async def _end(name: str, process: asyncio.subprocess.Process, patience: float) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        _log.warning("%s did not stop within %s s and is killed", name, patience)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
