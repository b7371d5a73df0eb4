"""Spend: what a month's usage comes to beside the fee, and the cap that a tenant sets on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction, Transaction
from portal.money.money import Money, minor_unit
from portal.plans.plans import PlanRow, read_tenant_plan
from portal.pricing.strategies import at_ratio, other_ratio
from portal.pricing.terms import MarginKind
from portal.problems import refuse
from portal.rates.cards import RateCard


class SpendCapProblem(StrEnum):
    """Why a spend cap is not set."""

    INVALID = "INVALID"
    NO_PLAN = "NO_PLAN"


@dataclass(frozen=True, slots=True)
class SpendCap:
    """A tenant's cap, and where the present month stands. It holds for what is charged in its currency."""

    amount: Money
    spent: Money
    reserved: Money
    set_by_kind: str
    set_by_name: str
    set_at: datetime

    @property
    def reached(self) -> bool:
        """Whether nothing is left of it."""
        return self.spent.amount + self.reserved.amount >= self.amount.amount


@dataclass(frozen=True, slots=True)
class LockedSpend:
    """A month's balance that nobody else changes until this transaction ends."""

    id: UUID
    committed: Decimal
    cap: Decimal | None
    told_cap: Decimal | None

    @property
    def room(self) -> Decimal | None:
        """What the cap leaves; None without one."""
        return None if self.cap is None else self.cap - self.committed


class Settlement(NamedTuple):
    """Something that is over: the balance that it was reserved in, what was reserved, and what it came to."""

    spend_id: UUID
    reserved: Decimal
    spent: Decimal


def price_of_one(plan: PlanRow, card: RateCard, category: str, country: str | None) -> Decimal:
    """The price of a minute or a piece of what is no message, in the plan's currency; 0 where the fee covers it."""
    ratio = other_ratio(plan.terms)
    if ratio is None:
        return Decimal(0)
    cost = card.converted(card.cost(category, country, 1), plan.terms.currency)
    return at_ratio(cost, ratio, plan.terms.margin_kind or MarginKind.MARGIN)


def reserved_before(tenant: str, currency: str, month: str) -> str:
    """SQL for what is reserved in earlier months: once it leaves, it is spent in the present one."""
    return (
        f"(SELECT coalesce(sum(before.reserved), 0) FROM spend_balance AS before WHERE before.tenant_id = {tenant} "  # noqa: S608  names from code
        f"AND before.currency = {currency} AND before.month < {month})"
    )


def month_of(instant: datetime) -> date:
    """The month, in UTC, that spend of this instant belongs to."""
    return instant.astimezone(UTC).date().replace(day=1)


async def read_spend_caps(tx: Transaction, tenant_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, SpendCap]:
    """The caps of those of these tenants that have one, in one statement."""
    before = reserved_before("cap.tenant_id", "cap.currency", "$2")
    rows = await tx.rows(
        "SELECT cap.tenant_id, amount, cap.currency, set_by_kind, set_by_name, set_at, "  # noqa: S608  names from code
        f"coalesce(spent, 0) AS spent, coalesce(reserved, 0) + {before} AS reserved FROM spend_cap AS cap "
        "LEFT JOIN spend_balance AS balance ON balance.tenant_id = cap.tenant_id AND balance.month = $2 "
        "AND balance.currency = cap.currency WHERE cap.tenant_id = ANY($1::uuid[])",
        list(tenant_ids),
        month_of(now),
    )
    return {
        row["tenant_id"]: SpendCap(
            Money(row["amount"], row["currency"]),
            Money(row["spent"], row["currency"]),
            Money(row["reserved"], row["currency"]),
            row["set_by_kind"],
            row["set_by_name"],
            row["set_at"],
        )
        for row in rows
    }


async def set_spend_cap(tx: TenantTransaction, amount: Decimal | None, actor: Actor, *, now: datetime) -> None:
    """Set the cap in the plan's currency, or take it away. What is accepted already stays accepted.

    Raises:
        RefusedError: the amount is negative or finer than the currency, or there is no plan.
    """
    if amount is None:
        await tx.execute("DELETE FROM spend_cap WHERE tenant_id = $1", tx.tenant_id)
        return
    held = await read_tenant_plan(tx, now=now)
    if held is None:
        raise refuse(SpendCapProblem.NO_PLAN, "There is no plan yet: finish the onboarding first.")
    currency = held.plan.terms.currency
    if amount < 0 or amount % minor_unit(currency):
        message = f"A cap is not negative, and a multiple of {minor_unit(currency)} {currency}; 0 stops all that costs."
        raise refuse(SpendCapProblem.INVALID, message, "amount")
    await tx.execute(
        "INSERT INTO spend_cap (tenant_id, id, amount, currency, set_by_kind, set_by_name, set_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id) DO UPDATE SET amount = excluded.amount, "
        "currency = excluded.currency, set_by_kind = excluded.set_by_kind, set_by_name = excluded.set_by_name, "
        "set_at = excluded.set_at",
        *(tx.tenant_id, new_id(now), amount, currency, actor.kind.value, actor.name, now),
    )


async def reserve_spend(tx: TenantTransaction, currency: str, price: Decimal, *, now: datetime) -> LockedSpend:
    """Reserve a price in the present month, even beyond the cap: 0 locks the balance, to see what there is."""
    row = await tx.row(
        "WITH balance AS (INSERT INTO spend_balance (tenant_id, id, month, currency, reserved) "  # noqa: S608  names from code
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, month, currency) DO UPDATE "
        "SET reserved = spend_balance.reserved + excluded.reserved "
        f"RETURNING id, spent + reserved + {reserved_before('$1', '$4', '$3')} AS committed, told_cap) "
        "SELECT balance.*, (SELECT amount FROM spend_cap WHERE tenant_id = $1 AND currency = $4) AS cap FROM balance",
        *(tx.tenant_id, new_id(now), month_of(now), currency, price),
    )
    if row is None:
        raise RuntimeError("an upsert returns its row")
    return LockedSpend(row["id"], row["committed"], row["cap"], row["told_cap"])


async def tell_of_cap(tx: TenantTransaction, spend: LockedSpend) -> bool:
    """Take note that this cap is told of in this month; whether nobody did before."""
    if spend.cap is None or spend.told_cap == spend.cap:
        return False
    sql = "UPDATE spend_balance SET told_cap = $3 WHERE tenant_id = $1 AND id = $2"
    await tx.execute(sql, tx.tenant_id, spend.id, spend.cap)
    return True


async def release_spend(tx: TenantTransaction, released: dict[UUID, Decimal]) -> None:
    """Take prices out of what is reserved in these balances."""
    if not any(released.values()):
        return
    await tx.execute(
        "WITH locked AS MATERIALIZED (SELECT id FROM spend_balance WHERE tenant_id = $1 AND id = ANY($2::uuid[]) "
        "ORDER BY id FOR UPDATE) "  # the older months first, as everybody does
        "UPDATE spend_balance AS balance SET reserved = reserved - released.price "
        "FROM unnest($2::uuid[], $3::numeric[]) AS released (id, price), locked "
        "WHERE balance.tenant_id = $1 AND balance.id = released.id AND balance.id = locked.id",
        tx.tenant_id,
        list(released),
        list(released.values()),
    )


async def spend(tx: TenantTransaction, currency: str, amount: Decimal, *, now: datetime) -> UUID | None:
    """Add to what is spent in the present month; the balance that it stands in, None where it is nothing."""
    if not amount:
        return None
    balance_id: UUID = await tx.value(
        "INSERT INTO spend_balance (tenant_id, id, month, currency, spent) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id, month, currency) DO UPDATE SET spent = spend_balance.spent + excluded.spent "
        "RETURNING id",
        *(tx.tenant_id, new_id(now), month_of(now), currency, amount),
    )
    return balance_id


async def settle_spend(tx: TenantTransaction, settled: Sequence[Settlement], *, now: datetime) -> None:
    """Turn what was reserved into what it came to, which is spent in the present month."""
    if not settled:
        return
    released: dict[UUID, Decimal] = {}
    for one in settled:
        released[one.spend_id] = released.get(one.spend_id, Decimal(0)) + one.reserved
    await release_spend(tx, released)
    currencies = {
        row["id"]: row["currency"]
        for row in await tx.rows(
            "SELECT id, currency FROM spend_balance WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
            tx.tenant_id,
            list(released),
        )
    }
    spent: dict[str, Decimal] = {}
    for one in settled:
        currency = currencies[one.spend_id]
        spent[currency] = spent.get(currency, Decimal(0)) + one.spent
    for currency, amount in sorted(spent.items()):
        await spend(tx, currency, amount, now=now)
