"""Discrepancies: days on which the provider counted or asked for something else than we did. For the operator alone."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.database import Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.money.money import EXACT, Money
from portal.problems import refuse
from portal.reconciliation.rules import DiscrepancyReason
from portal.usage.periods import Days

LONGEST_NOTE = 500


class DiscrepancyProblem(StrEnum):
    """Why a discrepancy is not closed."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class DiscrepancyRow:
    """A category on a day; counts are messages or calls, `our_cost` is None where we keep none."""

    tenant_id: UUID
    id: UUID
    day: date
    category: str
    ours: Decimal
    theirs: Decimal
    our_cost: Money | None
    their_cost: Money
    reason: DiscrepancyReason
    found_at: datetime
    seen_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    note: str | None

    @property
    def difference(self) -> Money | None:
        """Their amount less ours; None where we keep none."""
        if self.our_cost is None:
            return None
        return Money(EXACT.subtract(self.their_cost.amount, self.our_cost.amount), self.their_cost.currency)


@dataclass(frozen=True, slots=True)
class DiscrepancyFilter:
    """Which discrepancies; None asks for all."""

    tenant_id: UUID | None = None
    reasons: tuple[DiscrepancyReason, ...] | None = None
    closed: bool | None = None
    days: Days | None = None


NEWEST_FIRST = Keyset("found-", descending=True)
_COLUMNS = (
    "tenant_id, id, day, category, ours, theirs, our_cost, their_cost, currency, reason, found_at, seen_at, "
    "closed_at, closed_by_name, note"
)


async def read_discrepancies(tx: Transaction, request: PageRequest, only: DiscrepancyFilter) -> Page[DiscrepancyRow]:
    """A page of them, those found last first; in the operator's role."""
    conditions, arguments = ["true"], list[object]()

    def where(condition: str, value: object) -> None:
        arguments.append(value)
        conditions.append(condition.format(f"${len(arguments)}"))

    if only.tenant_id is not None:
        where("tenant_id = {}", only.tenant_id)
    if only.reasons is not None:
        where("reason = ANY({}::text[])", [reason.value for reason in only.reasons])
    if only.closed is not None:
        where("(closed_at IS NOT NULL) = {}", only.closed)
    if only.days is not None:
        where("day >= {}", only.days.first)
        where("day < {}", only.days.until)
    listing = Listing(_COLUMNS, "discrepancy", "id", conditions, arguments)
    return await read_page(tx, listing, NEWEST_FIRST, request, _row)


async def find_discrepancy(tx: Transaction, discrepancy_id: UUID) -> DiscrepancyRow | None:
    """This discrepancy, of whichever tenant; in the operator's role."""
    found = await tx.row(f"SELECT {_COLUMNS} FROM discrepancy WHERE id = $1", discrepancy_id)  # noqa: S608  constants
    return None if found is None else _row(found)


async def close(tx: Transaction, discrepancy_id: UUID, note: str, closed_by: str, *, now: datetime) -> DiscrepancyRow:
    """Close a discrepancy: it holds no invoice any more. The same note again changes nothing.

    Raises:
        RefusedError: there is no such discrepancy, it was closed with another note, or the note cannot be kept.
    """
    note = _checked(note)
    sql = (
        "UPDATE discrepancy SET closed_at = $2, closed_by_name = $3, note = $4 "  # noqa: S608  constants
        f"WHERE id = $1 AND closed_at IS NULL RETURNING {_COLUMNS}"
    )
    closed = await tx.row(sql, discrepancy_id, now, closed_by, note)
    if closed is not None:
        return _row(closed)
    before = await find_discrepancy(tx, discrepancy_id)
    if before is None:
        raise refuse(DiscrepancyProblem.NOT_FOUND, "There is no such discrepancy.", "id")
    if before.note != note:
        raise refuse(DiscrepancyProblem.CLOSED, "It is closed already; the note that it has stands.", "id")
    return before


def _checked(given: str) -> str:
    text = given.strip()
    if not 1 <= len(text) <= LONGEST_NOTE or any(unicodedata.category(sign) == "Cc" for sign in text):
        message = f"It has to have 1 to {LONGEST_NOTE} characters, in one line."
        raise refuse(DiscrepancyProblem.INVALID, message, "note")
    return text


def _row(found: Row) -> DiscrepancyRow:
    """A record with all columns as a discrepancy."""
    currency = found["currency"]
    return DiscrepancyRow(
        tenant_id=found["tenant_id"],
        id=found["id"],
        day=found["day"],
        category=found["category"],
        ours=found["ours"],
        theirs=found["theirs"],
        our_cost=None if found["our_cost"] is None else Money(found["our_cost"], currency),
        their_cost=Money(found["their_cost"], currency),
        reason=DiscrepancyReason(found["reason"]),
        found_at=found["found_at"],
        seen_at=found["seen_at"],
        closed_at=found["closed_at"],
        closed_by=found["closed_by_name"],
        note=found["note"],
    )
