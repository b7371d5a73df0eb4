"""Buying credits: a pack becomes a lot, usable once it is paid, or at once within the credit limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction, Transaction
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.plans.plans import TenantPlanRow, read_tenant_plan
from portal.pricing.terms import CreditPack
from portal.problems import refuse

OPERATION = "creditPurchase"


class PurchaseProblem(StrEnum):
    """Why no credits are bought."""

    NO_SUCH_PACK = "NO_SUCH_PACK"


@dataclass(frozen=True, slots=True)
class Purchase:
    """The lot that was bought, now or when the same request came first."""

    lot_id: UUID
    replay: bool


async def purchase(tx: TenantTransaction, key: str, wanted: int, actor: Actor, *, now: datetime) -> Purchase:
    """Buy the pack of so many credits that the tenant's plan has.

    Raises:
        RefusedError: the plan has no such pack, or the key was used otherwise.
    """
    once = IdempotentRequest(OPERATION, actor, key, {"credits": wanted})
    earlier = await find_result(tx, once)
    if earlier is not None:
        return Purchase(earlier, replay=True)
    held = await read_tenant_plan(tx, now=now)
    packs = () if held is None else held.plan.terms.packs
    pack = next((pack for pack in packs if pack.credits == wanted), None)
    if held is None or pack is None:
        raise refuse(PurchaseProblem.NO_SUCH_PACK, _advice(packs), "credits")
    lot_id = new_id(now)
    await keep_result(tx, once, lot_id, now=now)
    await _write_lot(tx, lot_id, held, pack, actor, now=now)
    return Purchase(lot_id, replay=False)


def expiry(usable_at: datetime | None, valid_days: int | None) -> datetime | None:
    """When credits lapse that are usable from then on."""
    return None if usable_at is None or valid_days is None else usable_at + timedelta(days=valid_days)


async def lock_account(tx: Transaction, tenant_id: UUID) -> None:
    """One at a time decides in a tenant which unpaid credits its limit lets it use."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant_id}/credits")


async def within_limit(tx: Transaction, tenant_id: UUID, price: Decimal, currency: str) -> bool:
    """Whether credits of this price may be used unpaid, beside those that are."""
    if not price:
        return True
    sql = (
        "SELECT coalesce(sum(lot.price), 0) + $2 <= credit_limit FROM billing_account AS account "
        "LEFT JOIN credit_lot AS lot ON lot.tenant_id = $1 AND lot.currency = account.currency "
        "AND paid_at IS NULL AND usable_at IS NOT NULL "
        "WHERE account.tenant_id = $1 AND account.currency = $3 GROUP BY credit_limit"
    )
    return bool(await tx.value(sql, tenant_id, price, currency))


async def _write_lot(
    tx: TenantTransaction, lot_id: UUID, held: TenantPlanRow, pack: CreditPack, actor: Actor, *, now: datetime
) -> None:
    terms = held.plan.terms
    await lock_account(tx, tx.tenant_id)
    usable_at = now if await within_limit(tx, tx.tenant_id, pack.price, terms.currency) else None
    await tx.execute(
        "INSERT INTO credit_lot (tenant_id, id, plan_id, credits, units, unit, price, currency, "
        "bought_by_kind, bought_by_name, purchased_at, usable_at, paid_at, valid_days, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        tx.tenant_id,
        lot_id,
        held.plan.id,
        pack.credits,
        pack.units,
        terms.unit.value,
        pack.price,
        terms.currency,
        actor.kind.value,
        actor.name,
        now,
        usable_at,
        None if pack.price else now,
        pack.valid_days,
        expiry(usable_at, pack.valid_days),
    )
    await tx.execute(
        "INSERT INTO credit_entry (tenant_id, id, lot_id, kind, units, at) VALUES ($1, $2, $3, 'PURCHASE', $4, $5)",
        *(tx.tenant_id, new_id(now), lot_id, pack.units, now),
    )


def _advice(packs: tuple[CreditPack, ...]) -> str:
    if not packs:
        return "The plan sells no credits: choose one that does."
    return f"The plan has packs of {', '.join(str(pack.credits) for pack in packs)} credits: choose one of them."
