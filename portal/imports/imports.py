"""Imports as they are asked for and read: how far each is, and what was wrong with its rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.files.uploads import UploadPurpose
from portal.imports.rows import ImportProblemCode, RowProblem

MOST_PROBLEMS = 1_000
"""Of an import, that are kept; all of them are counted."""
_NEWEST_FIRST = Keyset("import-", descending=True)
_AS_FOUND = Keyset("problem")
_COLUMNS = (
    "id, purpose, file_name, dry_run, state, rows, rows_done, created, updated, skipped, refused, problems, "
    "requested_at, finished_at"
)


class JobState(StrEnum):
    """How far work in the background is."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class OnDuplicate(StrEnum):
    """What becomes of a row whose number a contact has already."""

    UPDATE = "UPDATE"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of rows."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """How many rows that were."""
        return self.created + self.updated + self.skipped + self.refused


class ImportRow(NamedTuple):
    """An import as lists read it."""

    id: UUID
    purpose: UploadPurpose
    file_name: str
    dry_run: bool
    state: JobState
    rows: int
    progress: Progress
    problems: int
    requested_at: datetime
    finished_at: datetime | None


def import_row(row: Row) -> ImportRow:
    """A record with the columns of an import."""
    return ImportRow(
        id=row["id"],
        purpose=UploadPurpose(row["purpose"]),
        file_name=row["file_name"],
        dry_run=row["dry_run"],
        state=JobState(row["state"]),
        rows=row["rows"],
        progress=Progress(row["created"], row["updated"], row["skipped"], row["refused"]),
        problems=row["problems"],
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
    )


async def read_imports(tx: TenantTransaction, request: PageRequest) -> Page[ImportRow]:
    """A page of the tenant's imports, the newest first."""
    listing = Listing(_COLUMNS, "contact_import", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_page(tx, listing, _NEWEST_FIRST, request, import_row)


async def read_import(tx: TenantTransaction, import_id: UUID) -> ImportRow | None:
    """The tenant's import, or None."""
    sql = f"SELECT {_COLUMNS} FROM contact_import WHERE tenant_id = $1 AND id = $2"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, import_id)
    return None if row is None else import_row(row)


async def read_problems(tx: TenantTransaction, import_id: UUID, request: PageRequest) -> Page[RowProblem]:
    """A page of what was wrong with an import's rows, in their order."""
    listing = Listing(
        "id, row_number, column_name, code, message",
        "contact_import_problem",
        "id",
        ["tenant_id = $1", "import_id = $2"],
        [tx.tenant_id, import_id],
    )
    return await read_page(tx, listing, _AS_FOUND, request, _problem)


def _problem(row: Row) -> RowProblem:
    return RowProblem(row["row_number"], row["column_name"], ImportProblemCode(row["code"]), row["message"])
