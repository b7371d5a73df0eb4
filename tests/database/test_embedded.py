"""The embedded server: started, killed, taken over and stopped, on both versions that it can be."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from portal.database.embedded import EmbeddedPostgres, EmbeddedServerError
from tests.waiting import until

VERSIONS = (16, 18)
ENDLESS = "SELECT count(*) FROM generate_series(1, 20000000)"  # some seconds of work in which nobody looks up
Make = Callable[..., EmbeddedPostgres]
pytestmark = pytest.mark.slow


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes servers on folders of this test, and stops them in the end."""
    made: list[EmbeddedPostgres] = []

    def server(version: int = 18, *, home: Path = tmp_path) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(home, version=version))
        return made[-1]

    yield server
    for each in made:
        await each.stop()


async def _connect(server: EmbeddedPostgres) -> asyncpg.Connection:
    return await asyncpg.connect(**server.address().credentials())


async def _write(server: EmbeddedPostgres, rows: int) -> None:
    connection = await _connect(server)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
    await connection.execute("INSERT INTO kept SELECT generate_series(1, $1)", rows)
    await connection.close()


async def _count(server: EmbeddedPostgres) -> int:
    connection = await _connect(server)
    found: int = await connection.fetchval("SELECT count(*) FROM kept")
    await connection.close()
    return found


async def _as_owner(server: EmbeddedPostgres) -> None:
    """Let the portal's user make tables: in the product the migrations' roles do."""
    connection = await asyncpg.connect(**server.address("postgres").credentials())
    await connection.execute("GRANT CREATE ON SCHEMA public TO portal")
    await connection.close()


def _pid(server: EmbeddedPostgres) -> int:
    pid = server.pid()
    assert pid is not None
    return pid


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_fresh_server_is_the_version_asked_for_and_private(make: Make, tmp_path: Path, version: int) -> None:
    server = make(version)
    await server.start()
    connection = await _connect(server)
    assert connection.get_server_version().major == version
    assert await connection.fetchval("SHOW listen_addresses") == ""
    assert await connection.fetchval("SHOW data_checksums") == ("on" if version == 18 else "off")
    assert await connection.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = user") is False
    await connection.close()
    for folder in (tmp_path / f"postgresql-{version}", Path(server.address().host)):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_was_written_is_there_after_a_stop_and_a_start(make: Make, version: int) -> None:
    server = make(version)
    await server.start()
    await _as_owner(server)
    await _write(server, 1000)
    open_one = await _connect(server)
    await open_one.execute("BEGIN; INSERT INTO kept VALUES (0)")  # never committed
    await server.stop()
    assert server.pid() is None
    await server.stop()  # once more is no fault
    await server.start()
    assert await _count(server) == 1000


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_killed_server_is_started_again_with_all_that_was_committed(make: Make, version: int) -> None:
    server = make(version)
    await server.start()
    await _as_owner(server)
    for round_number in range(1, 4):
        await _write(server, 1000)
        os.kill(_pid(server), signal.SIGKILL)
        await (server if round_number % 2 else make(version)).start()
        assert await _count(server) == 1000 * round_number


async def test_a_killed_servers_last_query_does_not_meet_the_next_server(make: Make) -> None:
    server = make()
    await server.start()
    await _as_owner(server)
    await _write(server, 10)
    busy = await _connect(server)
    query = asyncio.create_task(busy.fetchval(ENDLESS))
    await asyncio.sleep(0.2)  # the query has to run, and tells nobody that it does
    os.kill(_pid(server), signal.SIGKILL)
    await server.start()
    await asyncio.gather(query, return_exceptions=True)
    assert await _count(server) == 10


async def test_a_server_that_was_left_running_is_taken_over_and_stopped_by_its_number(make: Make) -> None:
    first, second = make(), make()
    await first.start()
    await _as_owner(first)
    await _write(first, 10)
    pid = _pid(first)
    await second.start()
    assert second.pid() == pid
    assert await _count(second) == 10
    await second.stop()
    await until(lambda: first.pid() is None)
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await _connect(first)


async def test_a_lock_file_that_names_a_stranger_harms_neither(make: Make, tmp_path: Path) -> None:
    server = make()
    await server.start()
    await server.stop()
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        (tmp_path / "postgresql-18" / "postmaster.pid").write_text(f"{stranger.pid}\n{tmp_path}\n1\n5432\n\n\n\n")
        assert server.pid() is None
        await server.stop()
        await server.start()
        assert _pid(server) != stranger.pid
        assert stranger.returncode is None
        os.kill(stranger.pid, 0)
    finally:
        stranger.terminate()
        await stranger.wait()


@pytest.mark.parametrize(
    "name",
    ["long" * 40, "ü" * 45, "with space", "a,b", "quo\"te's", "-D", "100%"],
    ids=["long", "wide", "space", "comma", "quotes", "option", "percent"],
)
async def test_any_folder_will_do(make: Make, tmp_path: Path, name: str) -> None:
    server = make(home=tmp_path / name)
    await server.start()
    connection = await _connect(server)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    await server.stop()
    folder = Path(server.address().host)
    if not folder.is_relative_to(tmp_path):
        shutil.rmtree(folder)


@pytest.fixture
def entered_by_others(make: Make, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server whose socket would lie in a folder that somebody else made first."""
    server = make(home=tmp_path / "long" / secrets.token_hex(40) / secrets.token_hex(40))
    folder = Path(server.address().host)
    assert not folder.is_relative_to(tmp_path)
    folder.mkdir(mode=0o755)
    yield server
    folder.rmdir()  # and so it is empty


async def test_a_socket_folder_that_others_may_enter_is_refused(entered_by_others: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedServerError, match="Others may enter"):
        await entered_by_others.start()
    assert entered_by_others.pid() is None


async def test_an_initdb_that_was_killed_blocks_nothing(make: Make, tmp_path: Path) -> None:
    server = make()
    unfinished = tmp_path / "postgresql-18.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    await server.start()
    assert not unfinished.exists()


async def test_damaged_data_is_said_with_the_servers_own_reason(make: Make, tmp_path: Path) -> None:
    server = make()
    await server.start()
    await server.stop()
    (tmp_path / "postgresql-18" / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(EmbeddedServerError, match="pg_control"):
        await server.start()
    assert server.pid() is None


async def test_without_the_means_to_run_as_root_the_mend_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root needs them")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmbeddedServerError, match=r"unshare.*\n.*ordinary user"):
        await make().start()


async def test_an_ordinary_user_needs_nothing_special(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys, asyncpg\n"
        "from pathlib import Path\n"
        "from portal.database.embedded import EmbeddedPostgres\n"
        "async def main():\n"
        "    assert os.geteuid() != 0\n"
        "    server = EmbeddedPostgres(Path(sys.argv[1]))\n"
        "    await server.start()\n"
        "    try:\n"
        "        connection = await asyncpg.connect(**server.address().credentials())\n"
        "        print(await connection.fetchval('SELECT user'))\n"
        "        await connection.close()\n"
        "    finally:\n"
        "        await server.stop()\n"
        "asyncio.run(main())\n"
    )
    # Root becomes an ordinary user in a user namespace: its files stay reachable, its rights do not.
    become = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"] if os.geteuid() == 0 else []
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = await asyncio.to_thread(
        subprocess.run,
        [*become, sys.executable, "-c", script, str(tmp_path)],
        env=environment | {"PATH": "/nonexistent"} if not become else environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "portal\n", "")


async def test_two_that_start_one_folder_at_once_end_with_one_server(make: Make, tmp_path: Path) -> None:
    first = make()
    await first.start()
    await first.stop()
    servers = [make() for _ in range(3)]
    ended = await asyncio.gather(*(server.start() for server in servers), return_exceptions=True)
    assert None in ended
    assert len({server.pid() for server in servers}) == 1
    connection = await _connect(servers[0])
    await connection.close()
    with contextlib.suppress(EmbeddedServerError):
        await first.stop()
