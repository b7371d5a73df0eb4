"""Starting an import: the whole file is looked through first, so that none is brought in by half."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.contacts.contacts import ContactChange, check_change
from portal.database import TenantTransaction
from portal.files.store import FileStore
from portal.files.uploads import KEPT_FOR, StoredFile, UploadPurpose, find_stored, keep_until
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.imports.columns import ImportTarget, Mapped, UnknownHeaders, read_header
from portal.imports.imports import JobState, OnDuplicate
from portal.imports.records import FileProblem, Record, UnreadableError, read_records
from portal.live.changes import Change, ChangeKind
from portal.problems import refuse

MOST_ROWS = 100_000
MOST_WAITING = 20  # imports of a tenant, the one that goes on included


class ImportProblem(StrEnum):
    """Why an import is not started or not canceled."""

    NOT_FOUND = "NOT_FOUND"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    TOO_MANY_IMPORTS = "TOO_MANY_IMPORTS"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How the columns of a file are taken, and what becomes of what is there already."""

    mapping: Mapping[str, Mapped] = field(default_factory=dict)
    unknown: UnknownHeaders = UnknownHeaders.REFUSE
    tags: tuple[str, ...] = ()
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE

    def plain(self) -> dict[str, Any]:
        """The options as JSON values."""
        mapping = {header: [becomes.target.value, becomes.field] for header, becomes in self.mapping.items()}
        return {
            "mapping": mapping,
            "unknown": self.unknown.value,
            "tags": list(self.tags),
            "on_duplicate": self.on_duplicate.value,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "ImportOptions":
        """The options in JSON values."""
        mapping = {header: Mapped(ImportTarget(target), name) for header, (target, name) in plain["mapping"].items()}
        unknown, on_duplicate = UnknownHeaders(plain["unknown"]), OnDuplicate(plain["on_duplicate"])
        return cls(mapping, unknown, tuple(plain["tags"]), on_duplicate)


@dataclass(frozen=True, slots=True)
class NewImport:
    """A file to be brought in. A dry run finds what there is to find, and writes nothing."""

    upload_id: UUID
    purpose: UploadPurpose
    options: ImportOptions
    dry_run: bool
    key: str | None = None


async def start_import(
    tx: TenantTransaction, store: FileStore, new: NewImport, actor: Actor, *, now: datetime
) -> tuple[UUID, bool]:
    """Let a worker bring a file in; the import's id, and whether the same request came before.

    Raises:
        RefusedError: there is no such file, it is none that can be brought in, or the key is another request's.
    """
    request = None if new.key is None else IdempotentRequest(_operation(new), actor, new.key, _asked(new))
    before = None if request is None else await find_result(tx, request)
    if before is not None:
        return before, True
    waiting = "SELECT count(*) FROM contact_import WHERE tenant_id = $1 AND due_at IS NOT NULL"
    if await tx.value(waiting, tx.tenant_id) >= MOST_WAITING:
        message = f"At most {MOST_WAITING} imports wait at a time: start it when some are done, or cancel some."
        raise refuse(ImportProblem.TOO_MANY_IMPORTS, message)
    file = await find_stored(tx, new.upload_id, new.purpose, now=now)
    if file is None:
        message = "There is no such file: it was never put there, was for another purpose, or its time is over."
        raise refuse(ImportProblem.NOT_FOUND, message, "uploadId")
    check_change(ContactChange({}, new.options.tags))
    rows = await asyncio.to_thread(_look_through, store, file, new.options)
    import_id = new_id(now)
    await tx.execute(
        "INSERT INTO contact_import (tenant_id, id, purpose, upload_id, file_name, file_size, dry_run, options, state, "
        "rows, actor_kind, actor_id, actor_name, requested_at, due_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'WAITING', $9, $10, $11, $12, $13, $13)",
        *(tx.tenant_id, import_id, new.purpose.value, file.id, file.name, file.size, new.dry_run),
        *(orjson.dumps(new.options.plain()).decode(), rows, actor.kind.value, actor.id, actor.name, now),
    )
    await keep_until(tx, file.id, now + KEPT_FOR)
    if request is not None:
        await keep_result(tx, request, import_id, now=now)
    tx.announce(Change(ChangeKind.CONTACT_IMPORT, import_id))
    return import_id, False


async def cancel_import(tx: TenantTransaction, import_id: UUID, *, now: datetime) -> None:
    """Stop an import; the rows that are in stay.

    Raises:
        RefusedError: there is no such import, or it is over.
    """
    sql = "SELECT state FROM contact_import WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
    state = await tx.value(sql, tx.tenant_id, import_id)
    if state is None:
        raise refuse(ImportProblem.NOT_FOUND, "There is no such import.", "id")
    if state not in {JobState.WAITING, JobState.RUNNING}:
        raise refuse(ImportProblem.TOO_LATE, "It is over already.", "id")
    await tx.execute(
        "UPDATE contact_import SET state = 'CANCELED', due_at = NULL, finished_at = $3 "
        "WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, import_id, now),
    )
    tx.announce(Change(ChangeKind.CONTACT_IMPORT, import_id))


def _look_through(store: FileStore, file: StoredFile, options: ImportOptions) -> int:
    """How many rows a file has; it is read to its end, in pieces."""
    try:
        records = read_records(store.read(file.path, file.size))
        header = next(records, Record(1, []))
        read_header(header.cells, options.mapping, options.unknown)
        rows = 0
        for _ in records:
            rows += 1
            if rows > MOST_ROWS:
                message = f"The file has more than {MOST_ROWS:,} rows: split it, and import the parts."
                raise refuse(ImportProblem.TOO_MANY_ROWS, message, "uploadId")
    except UnreadableError as error:
        raise refuse(error.code, str(error), "uploadId") from error
    if not rows:
        raise refuse(FileProblem.EMPTY, "The file has no rows below its header.", "uploadId")
    return rows


def _operation(new: NewImport) -> str:
    return "contactImport" if new.purpose is UploadPurpose.CONTACTS else "suppressionImport"


def _asked(new: NewImport) -> dict[str, Any]:
    return {"upload_id": str(new.upload_id), "dry_run": new.dry_run, "options": new.options.plain()}
