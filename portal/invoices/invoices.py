"""Reading invoices: a tenant sees those that were issued, the ISV's operator drafts too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import orjson

from portal.database import Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page, read_pages_of
from portal.invoices.lines import InvoiceLine, steps_of
from portal.money.money import Money
from portal.pricing.strategies import Step


class InvoiceState(StrEnum):
    """Where an invoice stands."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    PAID = "PAID"
    VOID = "VOID"


class HeldFor(StrEnum):
    """Why a draft is not issued by itself."""

    USAGE_NOT_SYNCED = "USAGE_NOT_SYNCED"
    DISCREPANCY = "DISCREPANCY"
    EARLIER_HELD = "EARLIER_HELD"


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice."""

    tenant_id: UUID
    id: UUID
    number: str | None
    month: date
    state: InvoiceState
    total: Money
    lines: tuple[InvoiceLine, ...]
    digest: bytes
    held_for: HeldFor | None
    issued_at: datetime | None
    due_on: date | None
    paid_at: datetime | None
    payment_reference: str | None
    voided_at: datetime | None
    void_reason: str | None
    credited: Decimal  # by credit notes
    prepaid: Decimal  # of its credits, what was paid for apart

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        is_open = self.state in {InvoiceState.DRAFT, InvoiceState.ISSUED}
        left = self.total.amount - self.credited - self.prepaid if is_open else Decimal(0)
        return Money(left, self.total.currency).rounded()


@dataclass(frozen=True, slots=True)
class CreditNoteRow:
    """A credit note."""

    id: UUID
    invoice_id: UUID
    number: str
    amount: Money
    reason: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices; None asks for all."""

    states: tuple[InvoiceState, ...] | None = None


NEWEST_FIRST = Keyset("made-", descending=True)
_COLUMNS = """invoice.tenant_id, invoice.id, number, month, state, invoice.currency, total, lines, digest, held_for,
issued_at, due_on, invoice.paid_at, invoice.payment_reference, voided_at, void_reason,
(SELECT coalesce(sum(amount), 0) FROM credit_note
  WHERE credit_note.tenant_id = invoice.tenant_id AND invoice_id = invoice.id) AS credited,
(SELECT coalesce(sum(price), 0) FROM credit_lot AS lot
  WHERE lot.tenant_id = invoice.tenant_id AND lot.currency = invoice.currency AND lot.paid_at IS NOT NULL
  AND purchased_at >= month::timestamp AT TIME ZONE 'UTC'
  AND purchased_at < (month + interval '1 month') AT TIME ZONE 'UTC') AS prepaid"""


async def read_invoices(
    tx: Transaction, tenant_ids: Sequence[UUID], request: PageRequest, only: InvoiceFilter
) -> dict[UUID, Page[InvoiceRow]]:
    """A page of each tenant's invoices, those made last first."""
    conditions = ["invoice.tenant_id = ANY($1::uuid[])"]
    arguments: list[object] = [list(tenant_ids)]
    if only.states is not None:
        conditions.append("state = ANY($2::text[])")
        arguments.append([state.value for state in only.states])
    listing = Listing(_COLUMNS, "invoice", "invoice.id", conditions, arguments)
    return await read_pages_of(tx, listing, "invoice.tenant_id", tenant_ids, NEWEST_FIRST, request, _row)


async def read_invoices_by_id(
    tx: Transaction, tenant_ids: Sequence[UUID], ids: Sequence[UUID]
) -> dict[UUID, InvoiceRow]:
    """Those of these invoices that these tenants have and the transaction may see."""
    sql = (
        f"SELECT {_COLUMNS} FROM invoice WHERE invoice.tenant_id = ANY($1::uuid[]) "  # noqa: S608  constants
        "AND invoice.id = ANY($2::uuid[])"
    )
    return {row["id"]: _row(row) for row in await tx.rows(sql, list(tenant_ids), list(ids))}


async def find_invoice(tx: Transaction, invoice_id: UUID, *, lock: bool = False) -> InvoiceRow | None:
    """This invoice, of whichever tenant the transaction reaches."""
    sql = f"SELECT {_COLUMNS} FROM invoice WHERE invoice.id = $1{' FOR UPDATE' if lock else ''}"  # noqa: S608  constants
    row = await tx.row(sql, invoice_id)
    return None if row is None else _row(row)


async def read_held(tx: Transaction, request: PageRequest) -> Page[InvoiceRow]:
    """A page of the drafts of all tenants, those made last first."""
    return await read_page(
        tx, Listing(_COLUMNS, "invoice", "invoice.id", ["state = 'DRAFT'"], []), NEWEST_FIRST, request, _row
    )


async def read_credit_notes(
    tx: Transaction, tenant_ids: Sequence[UUID], invoice_ids: Sequence[UUID]
) -> dict[UUID, list[CreditNoteRow]]:
    """The credit notes of each of these invoices, in the order of their numbers."""
    found: dict[UUID, list[CreditNoteRow]] = {invoice_id: [] for invoice_id in invoice_ids}
    rows = await tx.rows(
        "SELECT id, invoice_id, number, amount, currency, reason, issued_at FROM credit_note "
        "WHERE tenant_id = ANY($1::uuid[]) AND invoice_id = ANY($2::uuid[]) ORDER BY issued_at, number",
        *(list(tenant_ids), list(invoice_ids)),
    )
    for row in rows:
        note = CreditNoteRow(
            row["id"],
            row["invoice_id"],
            row["number"],
            Money(row["amount"], row["currency"]),
            row["reason"],
            row["issued_at"],
        )
        found[row["invoice_id"]].append(note)
    return found


@dataclass(frozen=True, slots=True)
class InvoiceCost:
    """The operator's side of an invoice: what it cost, and the explanation of each line by its key."""

    cost: Money
    steps: Mapping[str, tuple[Step, ...]]


async def read_invoice_costs(tx: Transaction, invoice_ids: Sequence[UUID]) -> dict[UUID, InvoiceCost]:
    """The operator's side of these invoices; only the operator's role may."""
    sql = "SELECT id, cost, currency, lines FROM invoice_cost WHERE id = ANY($1::uuid[])"
    return {
        row["id"]: InvoiceCost(
            Money(row["cost"], row["currency"]),
            {line["key"]: steps_of(line["steps"]) for line in orjson.loads(row["lines"])},
        )
        for row in await tx.rows(sql, list(invoice_ids))
    }


def _row(row: Row) -> InvoiceRow:
    return InvoiceRow(
        tenant_id=row["tenant_id"],
        id=row["id"],
        number=row["number"],
        month=row["month"],
        state=InvoiceState(row["state"]),
        total=Money(row["total"], row["currency"]),
        lines=tuple(InvoiceLine.read(line) for line in orjson.loads(row["lines"])),
        digest=row["digest"],
        held_for=HeldFor(row["held_for"]) if row["held_for"] else None,
        issued_at=row["issued_at"],
        due_on=row["due_on"],
        paid_at=row["paid_at"],
        payment_reference=row["payment_reference"],
        voided_at=row["voided_at"],
        void_reason=row["void_reason"],
        credited=row["credited"],
        prepaid=row["prepaid"],
    )
