"""Plans and usage as they stand in the database, for tests that make invoices of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import orjson

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.pricing.terms import PlanTerms
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def make_plan(database: Database, name: str, terms: PlanTerms) -> UUID:
    """A published plan."""
    plan_id, now = new_id(at("2026-01-01")), at("2026-01-01")
    brackets = [{"up_to": one.up_to, "ratio": str(one.ratio)} for one in terms.brackets]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO plan (id, name, version, state, allowance_amount, allowance_unit, allowance_per, at_limit, "
            "created_at, published_at, strategy, currency, fee, period, overage, margin_kind, brackets, other_ratio) "
            "VALUES ($1, $2, 1, 'PUBLISHED', $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            *(plan_id, name, terms.amount, terms.unit.value, terms.per.value, terms.at_limit.value, now),
            *(terms.strategy.value, terms.currency, terms.fee, terms.period.value, terms.overage, terms.margin_kind),
            *(orjson.dumps(brackets).decode(), terms.other_ratio),
        )
    return plan_id


async def hold(database: Database, tenant_id: UUID, plan_id: UUID, since: str, until: str | None = None) -> UUID:
    """A tenant holds a plan for that time; the holding's key."""
    holding = new_id(at(since))
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO tenant_plan (tenant_id, id, plan_id, since, until) VALUES ($1, $2, $3, $4, $5)",
            *(tenant_id, holding, plan_id, at(since), at(until) if until else None),
        )
    return holding


async def make_customer(
    database: Database, plan_id: UUID, since: str = "2026-09-01", *, name: str = "Falcon Flights"
) -> tuple[UUID, UUID]:
    """A tenant that holds a plan since then, and the holding's key."""
    tenant_id = await make_tenant(database, TurnableClock(at(since)), name=name)
    return tenant_id, await hold(database, tenant_id, plan_id, since)


async def charge(
    database: Database, tenant_id: UUID, holding: UUID, day: date, *, count: int, cost: str, band: int = 0
) -> None:
    """Messages that settled on a day."""
    now = datetime.combine(day, datetime.min.time(), UTC)
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO charge_day (tenant_id, day, tenant_plan_id, category, band, count, units, cost, updated_at) "
            "VALUES ($1, $2, $3, 'sms-outbound', $4, $5, $5, $6, $7) ON CONFLICT (tenant_id, day, tenant_plan_id, "
            "category, band) DO UPDATE SET count = charge_day.count + excluded.count, "
            "units = charge_day.units + excluded.units, cost = charge_day.cost + excluded.cost",
            *(tenant_id, day, holding, band, count, Decimal(cost), now),
        )
        await tx.execute(
            "INSERT INTO usage_day (tenant_id, day, category, count, usage, cost, updated_at) "
            "VALUES ($1, $2, 'sms-outbound', $3, $3, $4, $5) ON CONFLICT (tenant_id, day, category) DO UPDATE SET "
            "count = usage_day.count + excluded.count, usage = usage_day.usage + excluded.usage, "
            "cost = usage_day.cost + excluded.cost",
            *(tenant_id, day, count, Decimal(cost), now),
        )


async def record(database: Database, tenant_id: UUID, day: date, category: str, price: str, usage: int = 1) -> None:
    """What the provider asks for a day and category, for good."""
    as_of = datetime.combine(day + timedelta(days=2), datetime.min.time(), UTC)
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO usage_record (tenant_id, day, category, count, count_unit, usage, usage_unit, price, "
            "price_unit, as_of, synced_at) VALUES ($1, $2, $3, $4, '', $4, '', $5, 'USD', $6, $6) "
            "ON CONFLICT (tenant_id, day, category) DO UPDATE SET price = excluded.price",
            *(tenant_id, day, category, usage, Decimal(price), as_of),
        )


async def synced(database: Database, tenant_id: UUID, until: date) -> None:
    """The provider's records of the month before that day are read."""
    as_of = datetime.combine(until + timedelta(days=1), datetime.min.time(), UTC)
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, as_of, requested_at, finished_at) "
            "VALUES ($1, $2, 'DONE', $3, $4, $5, $5, $5)",
            *(tenant_id, new_id(as_of), until - timedelta(days=31), until, as_of),
        )


async def invoices_of(database: Database, tenant_id: UUID) -> Sequence[tuple[str, str, str | None, str]]:
    """Month, state, number and total of all invoices of a tenant, in the order of their months."""
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        rows = await tx.rows(
            "SELECT month, state, number, total FROM invoice WHERE tenant_id = $1 ORDER BY month, number", tenant_id
        )
    return [(f"{row['month']:%Y-%m}", row["state"], row["number"], f"{row['total']:f}") for row in rows]
