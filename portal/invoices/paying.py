"""Payments that the ISV's own billing tells of: each is taken once, and what does not fit changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.clock import new_id
from portal.credits.paying import mark_paid
from portal.credits.purchasing import lock_account
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.global_ids import global_id, split_global
from portal.invoices.invoices import InvoiceState, find_invoice
from portal.invoices.issuing import pay
from portal.money.money import Money, shown
from portal.problems import refuse

_NOWHERE = UUID(int=0)  # the key of no lot


class PaymentProblem(StrEnum):
    """Why a payment is not taken."""

    NOT_FOUND = "NOT_FOUND"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_STATE = "WRONG_STATE"
    CONFLICT = "CONFLICT"


class Paid(StrEnum):
    """What a payment is for."""

    INVOICE = "INVOICE"
    CREDITS = "CREDITS"


@dataclass(frozen=True, slots=True)
class HeardPayment:
    """What was told: `event` is the teller's own id of it, `about` an invoice's number or a lot of credits' id."""

    event: str
    paid: Paid
    about: str
    amount: Money
    reference: str
    paid_at: datetime


async def hear_payment(database: Database, heard: HeardPayment, origin: Origin, *, now: datetime) -> None:
    """Take a payment; heard again it is the same one.

    Raises:
        RefusedError: there is nothing of that name, the amount is another, it cannot be paid, or another payment or
            another event of that id came before.
    """
    tenant_id = await _whose(database, heard)
    if tenant_id is None:
        what = "invoice of this number" if heard.paid is Paid.INVOICE else "lot of credits of this id"
        raise refuse(PaymentProblem.NOT_FOUND, f"There is no {what}.", "data")
    async with database.for_tenant(tenant_id, role=DatabaseRole.OPERATOR) as tx:
        await tx.row("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"payment {heard.event}")
        if await _is_known(tx, heard):
            return
        take = _pay_invoice if heard.paid is Paid.INVOICE else _pay_credits
        invoice_id, lot_id = await take(tx, heard, now=now)
        await tx.execute(
            "INSERT INTO payment (tenant_id, id, event, invoice_id, lot_id, amount, currency, reference, paid_at, "
            "heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *(tenant_id, new_id(now), heard.event, invoice_id, lot_id, heard.amount.amount, heard.amount.currency),
            *(heard.reference, heard.paid_at, now),
        )
        target = global_id("Invoice", invoice_id) if invoice_id else heard.about
        event = AuditEvent("paymentHeard", target, {"amount": shown(heard.amount)})
        await write_entry(tx, tenant_id, origin, event, at=now)


async def _whose(database: Database, heard: HeardPayment) -> UUID | None:
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        if heard.paid is Paid.INVOICE:
            found = await tx.value("SELECT tenant_id FROM invoice WHERE number = $1", heard.about)
        else:
            found = await tx.value("SELECT tenant_id FROM credit_lot WHERE id = $1", _lot(heard))
    return found if isinstance(found, UUID) else None


async def _is_known(tx: TenantTransaction, heard: HeardPayment) -> bool:
    sql = "SELECT amount, currency, reference FROM payment WHERE tenant_id = $1 AND event = $2"
    known = await tx.row(sql, tx.tenant_id, heard.event)
    if known is None:
        return False
    if (known["amount"], known["currency"], known["reference"]) != (
        heard.amount.amount,
        heard.amount.currency,
        heard.reference,
    ):
        raise refuse(PaymentProblem.CONFLICT, "Another payment was told of with this webhook-id.", "webhook-id")
    return True


async def _pay_invoice(tx: TenantTransaction, heard: HeardPayment, *, now: datetime) -> tuple[UUID | None, UUID | None]:
    found = await tx.value("SELECT id FROM invoice WHERE tenant_id = $1 AND number = $2", tx.tenant_id, heard.about)
    invoice = await find_invoice(tx, found, lock=True)
    if invoice is None:
        raise RuntimeError("an invoice with a number is never deleted")
    if invoice.state is not InvoiceState.ISSUED:
        raise refuse(PaymentProblem.WRONG_STATE, f"The invoice is {invoice.state.value.lower()} already.", "data")
    _check_amount(heard.amount, invoice.due)
    await pay(tx, invoice, heard.reference, paid_at=heard.paid_at, now=now)
    return invoice.id, None


async def _pay_credits(tx: TenantTransaction, heard: HeardPayment, *, now: datetime) -> tuple[UUID | None, UUID | None]:
    lot_id = _lot(heard)
    await lock_account(tx, tx.tenant_id)  # before the lot, as whoever lets lots be used does
    sql = "SELECT price, currency, paid_at FROM credit_lot WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
    (lot,) = await tx.rows(sql, tx.tenant_id, lot_id)
    if lot["paid_at"] is not None:
        raise refuse(PaymentProblem.WRONG_STATE, "The credits are paid already.", "data")
    _check_amount(heard.amount, Money(lot["price"], lot["currency"]))
    await mark_paid(tx, lot_id, heard.reference, now=now)
    return None, lot_id


def _check_amount(told: Money, due: Money) -> None:
    if told != due:
        message = f"{shown(due)} ({due.currency}) is due, and {shown(told)} ({told.currency}) was told of."
        raise refuse(PaymentProblem.WRONG_AMOUNT, message, "data", "amount")


def _lot(heard: HeardPayment) -> UUID:
    kind, key = split_global(heard.about) or ("", _NOWHERE)
    return key if kind == "CreditLot" else _NOWHERE
