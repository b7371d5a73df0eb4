"""What becomes of an invoice: it is issued, paid or void. Whatever is asked twice happens once."""

import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.audit.masking import mask_text
from portal.clock import new_id
from portal.credits.lots import FIRST_TO_EXPIRE
from portal.credits.paying import mark_paid as credits_paid
from portal.database import Database, DatabaseRole, TenantTransaction, Transaction
from portal.global_ids import global_id
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.invoices.invoices import InvoiceRow, InvoiceState, find_invoice
from portal.money.money import Money, minor_unit, shown
from portal.plans.proration import first_instant, next_month
from portal.problems import refuse

PAYABLE_WITHIN = timedelta(days=14)
LONGEST_TEXT = 500
_ADJUSTED = (
    "SELECT EXISTS (SELECT FROM invoice, jsonb_array_elements(lines) AS line WHERE tenant_id = $1 AND month = $2 "
    "AND currency = $3 AND state IN ('ISSUED', 'PAID') AND line ->> 'key' LIKE 'adjustment/%')"
)


class InvoiceProblem(StrEnum):
    """Why nothing becomes of an invoice."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    WRONG_STATE = "WRONG_STATE"
    TOO_MUCH = "TOO_MUCH"


async def issue(tx: Transaction, invoice_id: UUID, origin: Origin, *, now: datetime) -> InvoiceRow:
    """Issue a draft, with the next number; one that is issued stays as it is.

    Raises:
        RefusedError: there is no such invoice, or it is void.
    """
    invoice = await _locked(tx, invoice_id)
    if invoice.state is InvoiceState.VOID:
        raise refuse(InvoiceProblem.WRONG_STATE, "A void invoice stays void: generate its month again.", "id")
    if invoice.state is InvoiceState.DRAFT:
        number = await take_number(tx, "INVOICE")
        sql = (
            "UPDATE invoice SET state = 'ISSUED', number = $2, issued_at = $3, due_on = $4, held_for = NULL "
            "WHERE id = $1"
        )
        await tx.execute(sql, invoice_id, number, now, due_on(now))
        await _write_down(tx, invoice, origin, AuditEvent("invoiceIssue", changes={"number": number}), now)
    return await _read(tx, invoice_id)


async def mark_paid(
    database: Database, invoice_id: UUID, reference: str, origin: Origin, *, now: datetime
) -> InvoiceRow:
    """Take note that an issued invoice is paid; the same payment heard again changes nothing.

    Raises:
        RefusedError: there is no such invoice, it is not issued, or another payment has paid it.
    """
    reference = _text(reference, "reference")
    async with _in_its_tenant(database, invoice_id, "id") as tx:
        invoice = await _locked(tx, invoice_id)
        if invoice.state is InvoiceState.PAID and invoice.payment_reference == reference:
            return invoice
        if invoice.state is InvoiceState.PAID:
            raise refuse(InvoiceProblem.WRONG_STATE, "It is paid already, by another payment.", "id")
        if invoice.state is not InvoiceState.ISSUED:
            raise refuse(InvoiceProblem.WRONG_STATE, "Only an issued invoice can be paid.", "id")
        await pay(tx, invoice, reference, paid_at=now, now=now)
        event = AuditEvent("invoiceMarkPaid", changes={"reference": mask_text(reference)})
        await _write_down(tx, invoice, origin, event, now)
        return await _read(tx, invoice_id)


async def pay(tx: TenantTransaction, invoice: InvoiceRow, reference: str, *, paid_at: datetime, now: datetime) -> None:
    """Write down that an invoice, which is locked and issued, is paid, and with it the credits on it."""
    await tx.execute(
        "UPDATE invoice SET state = 'PAID', paid_at = $3, payment_reference = $4 WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, invoice.id, paid_at, reference),
    )
    lots = await tx.rows(
        "SELECT id FROM credit_lot WHERE tenant_id = $1 AND currency = $2 AND paid_at IS NULL "  # noqa: S608  a constant
        f"AND purchased_at >= $3 AND purchased_at < $4 ORDER BY {FIRST_TO_EXPIRE}",  # as whoever draws on them locks
        *(tx.tenant_id, invoice.total.currency),
        *(first_instant(invoice.month), first_instant(next_month(invoice.month))),
    )
    for lot in lots:
        await credits_paid(tx, lot["id"], reference, now=now)


async def void(tx: Transaction, invoice_id: UUID, reason: str, origin: Origin, *, now: datetime) -> InvoiceRow:
    """Void an issued invoice, which keeps its number; a void one stays as it is.

    Raises:
        RefusedError: there is no such invoice, it is a draft, paid, or has a credit note, or the next one adjusts it.
    """
    reason = _text(reason, "reason")
    invoice = await _locked(tx, invoice_id)
    if invoice.state is InvoiceState.VOID:
        return invoice
    if invoice.state is not InvoiceState.ISSUED or invoice.credited:
        message = "Only an issued invoice without credit notes can be voided; of a paid one issue a credit note."
        raise refuse(InvoiceProblem.WRONG_STATE, message, "id")
    await lock_invoices(tx, invoice.tenant_id)
    if await tx.value(_ADJUSTED, invoice.tenant_id, next_month(invoice.month), invoice.total.currency):
        message = "The next invoice adjusts this one, and would bill it twice: void that first, or issue a credit note."
        raise refuse(InvoiceProblem.WRONG_STATE, message, "id")
    sql = "UPDATE invoice SET state = 'VOID', voided_at = $2, void_reason = $3 WHERE id = $1"
    await tx.execute(sql, invoice_id, now, reason)
    event = AuditEvent("invoiceVoid", changes={"reason": mask_text(reason)})
    await _write_down(tx, invoice, origin, event, now)
    return await _read(tx, invoice_id)


@dataclass(frozen=True, slots=True)
class CreditNoteWish:
    """What is to be given back of an invoice, and why; `key` tells one request from another."""

    invoice_id: UUID
    amount: Money
    reason: str
    key: str


async def issue_credit_note(database: Database, wish: CreditNoteWish, origin: Origin, *, now: datetime) -> InvoiceRow:
    """Give a part of an invoice back, at most what it comes to; the same key with the same request does it once.

    Raises:
        RefusedError: there is no such invoice, it was not issued, the amount is none or too much, or the key is taken.
    """
    reason = _text(wish.reason, "reason")
    amount, currency = wish.amount.amount, wish.amount.currency
    asked = {"invoice": str(wish.invoice_id), "amount": str(amount), "currency": currency, "reason": reason}
    request = IdempotentRequest("creditNoteIssue", origin.actor, wish.key, asked)
    async with _in_its_tenant(database, wish.invoice_id, "invoiceId") as tx:
        if await find_result(tx, request) is not None:
            return await _read(tx, wish.invoice_id)
        invoice = await _locked(tx, wish.invoice_id, "invoiceId")
        _check_credit(invoice, wish.amount)
        note_id, number = new_id(now), await take_number(tx, "CREDIT_NOTE")
        await tx.execute(
            "INSERT INTO credit_note (tenant_id, id, number, invoice_id, amount, currency, reason, issued_at, "
            "issued_by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            *(tx.tenant_id, note_id, number, invoice.id, amount, currency, reason, now, origin.actor.name),
        )
        await keep_result(tx, request, note_id, now=now)
        event = AuditEvent("creditNoteIssue", changes={"number": number, "amount": shown(wish.amount)})
        await _write_down(tx, invoice, origin, event, now)
        return await _read(tx, invoice.id)


async def lock_invoices(tx: Transaction, tenant_id: UUID) -> None:
    """Wait until nobody else makes or voids invoices of this tenant."""
    await tx.row("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"invoices of {tenant_id}")


async def take_number(tx: Transaction, series: str) -> str:
    """The next number: whoever takes one holds the series until the commit, so a rollback leaves no gap."""
    last = await tx.value("UPDATE number_series SET last = last + 1 WHERE name = $1 RETURNING last", series)
    return f"{'INV' if series == 'INVOICE' else 'CN'}-{last:06}"


def due_on(issued_at: datetime) -> date:
    """The day until which an invoice of that instant is to be paid."""
    return (issued_at + PAYABLE_WITHIN).date()


def _check_credit(invoice: InvoiceRow, credit: Money) -> None:
    if invoice.state not in {InvoiceState.ISSUED, InvoiceState.PAID}:
        message = "Only an issued invoice can be credited."
        raise refuse(InvoiceProblem.WRONG_STATE, message, "invoiceId")
    if credit.currency != invoice.total.currency:
        message = f"The invoice is in {invoice.total.currency}."
        raise refuse(InvoiceProblem.INVALID, message, "amount", "currency")
    if credit.amount <= 0 or credit.amount % minor_unit(credit.currency):
        message = f"The amount has to be more than 0, in steps of {minor_unit(credit.currency)}."
        raise refuse(InvoiceProblem.INVALID, message, "amount", "amount")
    left = invoice.total.amount - invoice.credited
    if credit.amount > left:
        message = f"At most {shown(Money(left, credit.currency))} of it can be credited."
        raise refuse(InvoiceProblem.TOO_MUCH, message, "amount", "amount")


def _text(given: str, *path: str) -> str:
    text = given.strip()
    if not 1 <= len(text) <= LONGEST_TEXT or any(unicodedata.category(sign) == "Cc" for sign in text):
        message = f"It has to have 1 to {LONGEST_TEXT} characters, in one line."
        raise refuse(InvoiceProblem.INVALID, message, *path)
    return text


@asynccontextmanager
async def _in_its_tenant(database: Database, invoice_id: UUID, *path: str) -> AsyncIterator[TenantTransaction]:
    """A transaction of the operator in the tenant whose invoice this is."""
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as across:
        tenant_id = await across.value("SELECT tenant_id FROM invoice WHERE id = $1", invoice_id)
    if tenant_id is None:
        raise refuse(InvoiceProblem.NOT_FOUND, "There is no such invoice.", *path)
    async with database.for_tenant(tenant_id, role=DatabaseRole.OPERATOR) as tx:
        yield tx


async def _locked(tx: Transaction, invoice_id: UUID, *path: str) -> InvoiceRow:
    invoice = await find_invoice(tx, invoice_id, lock=True)
    if invoice is None:
        raise refuse(InvoiceProblem.NOT_FOUND, "There is no such invoice.", *(path or ("id",)))
    return invoice


async def _read(tx: Transaction, invoice_id: UUID) -> InvoiceRow:
    invoice = await find_invoice(tx, invoice_id)
    if invoice is None:
        raise RuntimeError("an invoice that was found is there")
    return invoice


async def _write_down(tx: Transaction, invoice: InvoiceRow, origin: Origin, event: AuditEvent, now: datetime) -> None:
    told = AuditEvent(event.action, global_id("Invoice", invoice.id), event.changes)
    await write_entry(tx, invoice.tenant_id, origin, told, at=now)
