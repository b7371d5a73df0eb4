"""Runs: making the invoices of a month for all tenants, and how far that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import Transaction
from portal.database.connection import Row
from portal.plans.proration import first_instant, next_month
from portal.problems import refuse

_SHOWN = 24


class InvoiceRunProblem(StrEnum):
    """Why no run is started."""

    NOT_OVER = "NOT_OVER"


@dataclass(frozen=True, slots=True)
class InvoiceRun:
    """A run; tenants are taken in the order of their ids, those behind `last_tenant_id` are to come."""

    id: UUID
    month: date
    tenants: int
    done: int
    failed: int
    last_tenant_id: UUID | None
    started_at: datetime
    finished_at: datetime | None


async def start_run(tx: Transaction, month: date, *, now: datetime) -> InvoiceRun:
    """A run of a month that is over: the one that goes on already, or a new one.

    Raises:
        RefusedError: the month is not over.
    """
    if first_instant(next_month(month)) > now:
        raise refuse(InvoiceRunProblem.NOT_OVER, f"{month:%Y-%m} is not over yet, in UTC.", "month")
    row = await tx.row(
        "INSERT INTO invoice_run (id, month, tenants, started_at) "
        "SELECT $1, $2, count(*), $3 FROM tenant WHERE created_at < $4 "
        "ON CONFLICT (month) WHERE finished_at IS NULL DO UPDATE SET month = excluded.month RETURNING *",
        *(new_id(now), month, now, first_instant(next_month(month))),
    )
    return _run(row)


async def read_runs(tx: Transaction, month: date | None = None) -> Sequence[InvoiceRun]:
    """The last runs, of one month or of all, the newest first."""
    sql = "SELECT * FROM invoice_run WHERE $1::date IS NULL OR month = $1 ORDER BY id DESC LIMIT $2"
    return [_run(row) for row in await tx.rows(sql, month, _SHOWN)]


async def read_run(tx: Transaction, run_id: UUID, *, lock: bool = False) -> InvoiceRun:
    """A run that there is."""
    sql = f"SELECT * FROM invoice_run WHERE id = $1{' FOR UPDATE' if lock else ''}"  # noqa: S608  constants
    return _run(await tx.row(sql, run_id))


def _run(row: Row) -> InvoiceRun:
    return InvoiceRun(
        row["id"],
        row["month"],
        row["tenants"],
        row["done"],
        row["failed"],
        row["last_tenant_id"],
        row["started_at"],
        row["finished_at"],
    )
