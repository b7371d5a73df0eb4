"""Margin alerts: months in which a tenant brought in less than its plan promises. For the operator alone."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.database import Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.problems import refuse


class MarginAlertProblem(StrEnum):
    """Why a margin alert is not acknowledged."""

    NOT_FOUND = "NOT_FOUND"


class MarginAlertReason(StrEnum):
    """What is wrong with a margin."""

    NEGATIVE = "NEGATIVE"
    BELOW_PLAN = "BELOW_PLAN"


@dataclass(frozen=True, slots=True)
class MarginAlertRow:
    """A tenant's month; ratios are grossMargin / revenue."""

    tenant_id: UUID
    id: UUID
    month: date
    expected_ratio: Decimal
    actual_ratio: Decimal
    reason: MarginAlertReason
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class MarginAlertFilter:
    """Which margin alerts; None asks for all."""

    tenant_id: UUID | None = None
    acknowledged: bool | None = None


NEWEST_FIRST = Keyset("raised-", descending=True)
_COLUMNS = (
    "tenant_id, id, month, expected_ratio, actual_ratio, reason, raised_at, acknowledged_at, acknowledged_by_name"
)


async def read_margin_alerts(tx: Transaction, request: PageRequest, only: MarginAlertFilter) -> Page[MarginAlertRow]:
    """A page of them, those raised last first; in the operator's role."""
    conditions = ["($1::uuid IS NULL OR tenant_id = $1)", "($2::bool IS NULL OR (acknowledged_at IS NOT NULL) = $2)"]
    listing = Listing(_COLUMNS, "margin_alert", "id", conditions, [only.tenant_id, only.acknowledged])
    return await read_page(tx, listing, NEWEST_FIRST, request, _row)


async def find_margin_alert(tx: Transaction, alert_id: UUID) -> MarginAlertRow | None:
    """This margin alert, of whichever tenant; in the operator's role."""
    found = await tx.row(f"SELECT {_COLUMNS} FROM margin_alert WHERE id = $1", alert_id)  # noqa: S608  constants
    return None if found is None else _row(found)


async def acknowledge(tx: Transaction, alert_id: UUID, acknowledged_by: str, *, now: datetime) -> MarginAlertRow:
    """Take note of a margin alert; who did so first stays written down.

    Raises:
        RefusedError: there is no such margin alert.
    """
    sql = (
        "UPDATE margin_alert SET acknowledged_at = coalesce(acknowledged_at, $2), "  # noqa: S608  constants
        f"acknowledged_by_name = coalesce(acknowledged_by_name, $3) WHERE id = $1 RETURNING {_COLUMNS}"
    )
    found = await tx.row(sql, alert_id, now, acknowledged_by)
    if found is None:
        raise refuse(MarginAlertProblem.NOT_FOUND, "There is no such margin alert.", "id")
    return _row(found)


def _row(found: Row) -> MarginAlertRow:
    return MarginAlertRow(
        tenant_id=found["tenant_id"],
        id=found["id"],
        month=found["month"],
        expected_ratio=found["expected_ratio"],
        actual_ratio=found["actual_ratio"],
        reason=MarginAlertReason(found["reason"]),
        raised_at=found["raised_at"],
        acknowledged_at=found["acknowledged_at"],
        acknowledged_by=found["acknowledged_by_name"],
    )
