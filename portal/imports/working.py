"""Works imports off, batch by batch: each is written together with how far the import is, so nothing comes twice."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import structlog

from portal.clock import Clock
from portal.contacts.consent import LONGEST_SOURCE
from portal.contacts.tags import read_tags
from portal.database import Database, TenantTransaction
from portal.files.store import FileStore
from portal.files.uploads import UploadPurpose, path_of
from portal.imports.claiming import Claim, claim, due_tenants, get_on, hold, put_off
from portal.imports.columns import numbers_alone, read_header
from portal.imports.imports import Progress
from portal.imports.records import read_records
from portal.imports.rows import ContactLine, RowProblem, RowReader
from portal.imports.writing import Batch, ContactWriter, SuppressionWriter

BATCH = 500
"""Rows: read in a thread of their own, and written in a moment, so that whatever else a worker does goes on."""

log = structlog.get_logger(__name__)


class ContactImporting:
    """Brings files in; any number of workers side by side, in one process or many."""

    def __init__(self, database: Database, store: FileStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def work_due(self) -> int:
        """Work until nothing is due, one import after another; how many those were."""
        worked = 0
        while (claimed := await self._take()) is not None:
            await self._work(claimed)
            worked += 1
        return worked

    async def _take(self) -> Claim | None:
        now = self._clock.now()
        for tenant_id in await due_tenants(self._database, now=now):
            async with self._database.for_tenant(tenant_id) as tx:
                claimed = await claim(tx, now=now)
            if claimed is not None:
                return claimed
        return None

    async def _work(self, claimed: Claim) -> None:
        """Go on with an import to its end, or until it is not this worker's any more."""
        further: Claim | None = claimed
        try:
            async with self._database.for_tenant(claimed.tenant_id, read_only=True) as tx:
                writer = await _writer(tx, claimed)
            rows = await asyncio.to_thread(_rows, self._store, claimed)
            while further is not None and further.rows_done < further.rows:
                read = await asyncio.to_thread(_read, rows)
                claimed = further
                further = await self._write(claimed, writer, read)
        except Exception as error:
            log.exception("import_put_off", tenant_id=str(claimed.tenant_id), error=type(error).__name__)
            async with self._database.for_tenant(claimed.tenant_id) as tx:
                await put_off(tx, claimed, now=self._clock.now())

    async def _write(
        self, claimed: Claim, writer: ContactWriter | SuppressionWriter, read: list[ContactLine | list[RowProblem]]
    ) -> Claim | None:
        """The claim after one more batch; None where the import was canceled, or another worker has taken it over."""
        batch = Batch([line for line in read if isinstance(line, ContactLine)])
        batch.problems += [problem for found in read if isinstance(found, list) for problem in found]
        now = self._clock.now()
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            if not await hold(tx, claimed):
                return None
            done = await writer.write(tx, batch, now=now)
            unread = len(read) - len(batch.lines)
            progress = Progress(done.created, done.updated, done.skipped, done.refused + unread)
            return await get_on(tx, claimed, progress, sorted(batch.problems), now=now)


def _read(rows: Iterator[ContactLine | list[RowProblem]]) -> list[ContactLine | list[RowProblem]]:
    read = list(islice(rows, BATCH))
    if not read:
        raise EOFError("the file has fewer rows than when it was looked through")
    return read


async def _writer(tx: TenantTransaction, claimed: Claim) -> ContactWriter | SuppressionWriter:
    if claimed.purpose is UploadPurpose.SUPPRESSIONS:
        return SuppressionWriter(claimed.dry_run)
    tags = {tag.name.lower() for tag in await read_tags(tx)}
    return ContactWriter(claimed.options.on_duplicate, claimed.actor, tags, claimed.dry_run)


def _rows(store: FileStore, claimed: Claim) -> Iterator[ContactLine | list[RowProblem]]:
    """The rows that are not done, for a thread. Those before them are read too: a number of theirs may come again."""
    records = read_records(store.read(path_of(claimed.tenant_id, claimed.upload_id), claimed.file_size))
    columns = read_header(next(records).cells, claimed.options.mapping, claimed.options.unknown)
    if claimed.purpose is UploadPurpose.SUPPRESSIONS:
        columns = numbers_alone(columns)
    reader = RowReader(columns, claimed.options.tags, f"Import of {claimed.file_name}"[:LONGEST_SOURCE])
    for record in islice(records, claimed.rows_done):
        reader.read(record)
    return map(reader.read, records)
