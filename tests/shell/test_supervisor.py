"""Child processes: started again when they die, stopped in order, and gone when their supervisor is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.supervisor import ChildFailedError, Program, Supervisor
from tests.waiting import until

# Writes its name when it is told to stop, and says "up" once it can be told.
CHILD = """
import pathlib, signal, sys, time
def stop(*_):
    with open(sys.argv[1], "a") as ended: ended.write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = (
    'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("up", flush=True); time.sleep(600)'
)
SUPERVISOR = """
import asyncio, pathlib, sys
from api.supervisor import Program, Supervisor
async def main():
    supervisor = Supervisor()
    for name, handler in (("willing", "SIG_DFL"), ("stubborn", "SIG_IGN")):
        code = "from api.supervisor import end_with_supervisor; end_with_supervisor(); import signal, time; "
        code += f"signal.signal(signal.SIGTERM, signal.{handler}); time.sleep(600)"
        await supervisor.start(Program(name, [sys.executable, "-c", code], pathlib.Path(sys.argv[1]) / name))
    import json; print(json.dumps(supervisor.pids()), flush=True)
    await supervisor.failed()
asyncio.run(main())
"""


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(first_pause=0.01, patience=0.5)
    yield supervisor
    await supervisor.stop()


def program(tmp_path: Path, name: str, code: str = CHILD) -> Program:
    return Program(name, [sys.executable, "-c", code, str(tmp_path / "ended"), name], tmp_path / f"{name}.log")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_child_that_is_killed_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(program(tmp_path, "api"))
    first = supervisor.pids()["api"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pids()["api"] != first)
    assert alive(supervisor.pids()["api"])
    assert not alive(first)


async def test_a_child_that_dies_again_and_again_is_given_up_and_its_log_named(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(program(tmp_path, "api", "print('no database'); raise SystemExit(1)"))
    with pytest.raises(ChildFailedError) as given_up:
        await asyncio.wait_for(supervisor.failed(), 30)
    assert str(given_up.value) == (f"api ended 6 times within a minute; the reason is in {tmp_path / 'api.log'}")
    assert (tmp_path / "api.log").read_text() == "no database\n" * 6


async def test_children_are_stopped_the_last_one_first(supervisor: Supervisor, tmp_path: Path) -> None:
    for name in ("simulator", "api", "worker"):
        await supervisor.start(program(tmp_path, name))
    await until(lambda: all((tmp_path / f"{name}.log").read_text() for name in supervisor.pids()))
    pids = list(supervisor.pids().values())
    await supervisor.stop()
    assert (tmp_path / "ended").read_text().split() == ["worker", "api", "simulator"]
    assert [pid for pid in pids if alive(pid)] == []


async def test_a_child_that_will_not_stop_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(program(tmp_path, "stubborn", STUBBORN))
    await until(lambda: (tmp_path / "stubborn.log").read_text() == "up\n")
    pid = supervisor.pids()["stubborn"]
    await asyncio.wait_for(supervisor.stop(), 10)
    assert not alive(pid)


async def test_a_killed_supervisor_leaves_no_child_behind(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: ASYNC220  it is read once, at once
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        pids = list(json.loads(await asyncio.to_thread(process.stdout.readline)).values())
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        process.kill()
    await until(lambda: not any(alive(pid) for pid in pids), seconds=20)
