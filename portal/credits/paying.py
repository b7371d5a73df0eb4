"""What makes credits usable: that they are paid, or that the operator lets the tenant use more of them unpaid."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.credits.purchasing import expiry, lock_account, within_limit
from portal.database import Transaction
from portal.plans.plans import read_tenant_plans
from portal.problems import refuse


class CreditLimitProblem(StrEnum):
    """Why a credit limit is not set."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"


async def mark_paid(tx: Transaction, lot_id: UUID, reference: str, *, now: datetime) -> bool:
    """Take note of a lot's payment: from now on it is usable, if it was not before. Whether there is such a lot.

    Told again it changes nothing. What others are waiting for is looked at again: the limit has room for it now.
    """
    tenant_id = await tx.value("SELECT tenant_id FROM credit_lot WHERE id = $1", lot_id)
    if tenant_id is None:
        return False
    await lock_account(tx, tenant_id)
    lot = await tx.row(
        "SELECT paid_at, usable_at, valid_days FROM credit_lot WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
        *(tenant_id, lot_id),
    )
    if lot is None:
        return False
    if lot["paid_at"] is not None:
        return True
    await tx.execute(
        "UPDATE credit_lot SET paid_at = $3, payment_reference = $4 WHERE tenant_id = $1 AND id = $2",
        *(tenant_id, lot_id, now, reference),
    )
    if lot["usable_at"] is None:
        await _let_use(tx, tenant_id, lot_id, lot["valid_days"], now=now)
    await _let_use_what_fits(tx, tenant_id, now=now)
    return True


async def set_credit_limit(tx: Transaction, tenant_id: UUID, amount: Decimal, *, now: datetime) -> str:
    """Set how much of credits the tenant may use before they are paid, in its plan's currency, which is returned.

    Raises:
        RefusedError: the amount is negative, or the tenant has no plan.
    """
    if amount < 0:
        raise refuse(
            CreditLimitProblem.INVALID, "A credit limit is not negative: 0 lets nothing be used unpaid.", "amount"
        )
    held = (await read_tenant_plans(tx, [tenant_id], now=now)).get(tenant_id)
    if held is None:
        raise refuse(CreditLimitProblem.NOT_FOUND, "There is no such tenant with a plan.", "tenantId")
    currency = held.plan.terms.currency
    await lock_account(tx, tenant_id)
    await tx.execute(
        "INSERT INTO billing_account (tenant_id, id, currency, credit_limit, updated_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id) DO UPDATE SET currency = excluded.currency, credit_limit = excluded.credit_limit, "
        "updated_at = excluded.updated_at",
        *(tenant_id, new_id(now), currency, amount, now),
    )
    await _let_use_what_fits(tx, tenant_id, now=now)
    return currency


async def _let_use_what_fits(tx: Transaction, tenant_id: UUID, *, now: datetime) -> None:
    """Let unpaid lots be used that the limit has room for, in the order in which they were bought."""
    waiting = await tx.rows(
        "SELECT id, price, currency, valid_days FROM credit_lot WHERE tenant_id = $1 AND usable_at IS NULL ORDER BY id",
        tenant_id,
    )
    for lot in waiting:
        if await within_limit(tx, tenant_id, lot["price"], lot["currency"]):
            await _let_use(tx, tenant_id, lot["id"], lot["valid_days"], now=now)


async def _let_use(tx: Transaction, tenant_id: UUID, lot_id: UUID, valid_days: int | None, *, now: datetime) -> None:
    await tx.execute(
        "UPDATE credit_lot SET usable_at = $3, expires_at = $4 WHERE tenant_id = $1 AND id = $2",
        *(tenant_id, lot_id, now, expiry(now, valid_days)),
    )
