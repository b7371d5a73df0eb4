"""The statement of a tenant's credits: every change of a lot, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

NEWEST_FIRST = Keyset("entry-", descending=True)


class CreditEntryKind(StrEnum):
    """Why a lot changed."""

    PURCHASE = "PURCHASE"
    RESERVE = "RESERVE"
    SETTLE = "SETTLE"
    GIVE_BACK = "GIVE_BACK"
    EXPIRE = "EXPIRE"
    CORRECTION = "CORRECTION"


# What an entry does to what the lot has left, for each unit: what settles was taken off when it was reserved.
_SIGNS = {
    CreditEntryKind.PURCHASE: 1,
    CreditEntryKind.RESERVE: -1,
    CreditEntryKind.SETTLE: 0,
    CreditEntryKind.GIVE_BACK: 1,
    CreditEntryKind.EXPIRE: -1,
    CreditEntryKind.CORRECTION: 1,
}


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the statement."""

    id: UUID
    lot_id: UUID
    kind: CreditEntryKind
    units: int
    messages: int | None
    batch_id: UUID | None
    reason: str | None
    at: datetime

    @property
    def change(self) -> int:
        """What it does to the units that the lot has left."""
        return _SIGNS[self.kind] * self.units


async def read_statement(tx: TenantTransaction, request: PageRequest) -> Page[EntryRow]:
    """A page of the statement, the newest first."""
    columns = "id, lot_id, kind, units, messages, batch_id, reason, at"
    listing = Listing(columns, "credit_entry", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_page(tx, listing, NEWEST_FIRST, request, _entry)


def _entry(row: Row) -> EntryRow:
    return EntryRow(
        id=row["id"],
        lot_id=row["lot_id"],
        kind=CreditEntryKind(row["kind"]),
        units=row["units"],
        messages=row["messages"],
        batch_id=row["batch_id"],
        reason=row["reason"],
        at=row["at"],
    )
