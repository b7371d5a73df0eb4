"""Bringing in a file of contacts against a bare COPY of the rows that it writes, in contacts a second.

And a worker's memory, with a short file and with one ten times as long.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import uvloop

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare, peak_memory
from benchmarks.load import UnexpectedAnswerError
from benchmarks.stage import Stage
from portal.actor import Actor, ActorKind
from portal.clock import SystemClock, new_id
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.encryption import Signer
from portal.files.store import FileStore
from portal.files.uploads import NewUpload, UploadPurpose, Uploads
from portal.imports.columns import ImportTarget, Mapped
from portal.imports.starting import ImportOptions, NewImport, start_import
from portal.imports.working import ContactImporting

ROWS = 100_000
FEW_ROWS = 2_000
_ROUNDS = 3  # of those long turns
_ACTOR = Actor(ActorKind.SYSTEM, new_id(SystemClock().now()), "Benchmark")


async def imports(stage: Stage, rounds: int, _: float, say: Say) -> list[Ratio]:
    """Compare them: each turn is one import by a worker of its own, or one COPY of its contacts."""
    rows = ROWS if stage.kept is not None else FEW_ROWS
    connection = await asyncpg.connect(**stage.superuser.credentials())
    peak = 0
    try:
        await connection.execute("CREATE TABLE brought_in (LIKE contact INCLUDING ALL)")

        async def bring_in(count: int = rows) -> Turn:
            nonlocal peak
            await connection.execute("TRUNCATE contact_tagging")
            await connection.execute("DELETE FROM contact WHERE tenant_id = $1", stage.tenant.id)
            await _ask_for(stage, count)
            seconds, peak = await _work(stage)
            found = await connection.fetchval("SELECT count(*) FROM contact WHERE tenant_id = $1", stage.tenant.id)
            if found != count:
                raise UnexpectedAnswerError(f"{found} of {count} contacts came in")
            return Turn(count, seconds)

        async def copy() -> Turn:
            columns, records = await _contacts(connection, stage)
            await connection.execute("TRUNCATE brought_in")
            start = time.perf_counter()
            await connection.copy_records_to_table("brought_in", columns=columns, records=records)
            return Turn(len(records), time.perf_counter() - start)

        variants = [Variant(f"an import of {rows:,} contacts", bring_in), Variant("a bare COPY of the contacts", copy)]
        ratios = await compare("imports", variants, min(rounds, _ROUNDS), say)
        seconds, long = (await bring_in()).seconds, peak
        await bring_in(rows // 10)
        say(f"imports    {rows:,} rows take a worker {seconds:.0f} s and {long} MiB, {rows // 10:,} rows {peak} MiB")
    finally:
        await connection.execute("DROP TABLE IF EXISTS brought_in")
        await connection.close()
    return ratios


async def _ask_for(stage: Stage, rows: int) -> None:
    """Put a file of so many rows, and ask for it to be brought in."""
    lines = [f"Name {n},+1415{2_000_000 + n},City {n % 100},regular\n" for n in range(rows)]
    file = ("name,number,city,tags\n" + "".join(lines)).encode()

    async def chunks() -> AsyncIterator[bytes]:
        yield file

    database, clock, store = await Database.connect(stage.login), SystemClock(), FileStore(None, stage.home / "files")
    try:
        uploads = Uploads(store, Signer(stage.secret, "uploads"), "http://localhost")
        async with database.for_tenant(stage.tenant.id) as tx:
            new = NewUpload(UploadPurpose.CONTACTS, "Contacts.csv", len(file))
            address = await uploads.create(tx, new, now=clock.now())
        await uploads.put(database, address.url.rpartition("/")[2], chunks(), clock)
        async with database.for_tenant(stage.tenant.id) as tx:
            options = ImportOptions({"city": Mapped(ImportTarget.FIELD, "city")})
            wanted = NewImport(address.upload_id, UploadPurpose.CONTACTS, options, dry_run=False)
            await start_import(tx, store, wanted, _ACTOR, now=clock.now())
    finally:
        await database.close()


async def _work(stage: Stage) -> tuple[float, int]:
    """The seconds that a worker's process was at it, and what it took at its most, in MiB."""
    line = [sys.executable, "-m", "benchmarks.imports", stage.login.url(), str(stage.home / "files")]
    worker = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE)
    said, _ = await worker.communicate()
    if worker.returncode:
        raise UnexpectedAnswerError("the worker failed")
    seconds, peak = said.split()
    return float(seconds), int(peak)


async def _contacts(connection: asyncpg.Connection, stage: Stage) -> tuple[list[str], list[tuple[object, ...]]]:
    written = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'contact'::regclass AND attnum > 0 AND attgenerated = ''"
    )
    columns = [row[0] for row in await connection.fetch(written)]
    sql = f"SELECT {', '.join(columns)} FROM contact WHERE tenant_id = $1"  # noqa: S608  columns of our own table
    return columns, [tuple(row) for row in await connection.fetch(sql, stage.tenant.id)]


async def _bring_in(login: str, folder: Path) -> None:
    database = await Database.connect(DatabaseAddress.parse(login))
    try:
        importing = ContactImporting(database, FileStore(None, folder), SystemClock())
        start = time.perf_counter()
        await importing.work_due()
        print(time.perf_counter() - start, peak_memory())
    finally:
        await database.close()


if __name__ == "__main__":
    uvloop.run(_bring_in(sys.argv[1], Path(sys.argv[2])))
