"""Days on both sides, as they stand in the database, and what became of them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.plans.proration import first_instant, next_month
from portal.pricing.terms import AtLimit, PlanTerms, PricingStrategy
from tests.invoices.stored_usage import charge, make_customer, make_plan, record

SIXTH, SEVENTH, NINTH = date(2026, 11, 6), date(2026, 11, 7), date(2026, 11, 9)
OVERAGE = PlanTerms(
    PricingStrategy.TIER_WITH_OVERAGE,
    "USD",
    Decimal(10),
    amount=100,
    at_limit=AtLimit.OVERAGE,
    overage=Decimal("0.05"),
)


async def sent(database: Database, tenant_id: UUID, holding: UUID, day: date, count: int) -> None:
    """So many messages of one segment that settled on a day, on the ledger of its month too."""
    await charge(database, tenant_id, holding, day, count=count, cost=str(Decimal("0.0079") * count))
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO allowance_balance (tenant_id, id, period_start, period_end, unit, used) "
            "VALUES ($1, $2, $4, $5, 'MESSAGES', $3) "
            "ON CONFLICT (tenant_id, period_start, period_end, unit) DO UPDATE SET used = allowance_balance.used + $3",
            *(tenant_id, new_id(first_instant(day)), count),
            *(first_instant(day.replace(day=1)), first_instant(next_month(day))),
        )


async def counted(database: Database, tenant_id: UUID, day: date, count: int, *, price: str | None = None) -> None:
    """What the provider counted of messages sent on a day, for good."""
    asked = price or str(Decimal("0.0079") * count)
    await record(database, tenant_id, day, "sms-outbound", asked, count)
    await record(database, tenant_id, day, "totalprice", asked, 0)
    async with database.for_tenant(tenant_id) as tx:
        sql = "UPDATE usage_record SET count = $3, usage = $3 WHERE tenant_id = $1 AND day = $2 AND category = $4"
        await tx.execute(sql, tenant_id, day, count, "sms-outbound")


async def synced(database: Database, tenant_id: UUID, until: date = NINTH, *, days: int = 3) -> None:
    """The records of so many days before that one are read, so that they are to be reconciled."""
    as_of = first_instant(until + timedelta(days=1))
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, as_of, requested_at, finished_at) "
            "VALUES ($1, $2, 'DONE', $3, $4, $5, $5, $5)",
            *(tenant_id, new_id(as_of), until - timedelta(days=days), until, as_of),
        )


async def customer(database: Database, terms: PlanTerms = OVERAGE, *, name: str = "Small") -> tuple[UUID, UUID]:
    """A tenant that holds such a plan, and the holding's key."""
    return await make_customer(database, await make_plan(database, name, terms))


async def found(database: Database) -> list[tuple[Any, ...]]:
    """Day, category, both counts, reason and whether it is open, of all discrepancies."""
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        rows = await tx.rows("SELECT * FROM discrepancy ORDER BY tenant_id, day, category")
    return [
        (row["day"], row["category"], int(row["ours"]), int(row["theirs"]), row["reason"], row["closed_at"] is None)
        for row in rows
    ]
