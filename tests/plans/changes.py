"""Plans to change to, and the operations that change them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from auth.permissions import TenantRole, machine_permissions
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.database.migrate import create_partitions
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import PlanTerms, PricingStrategy
from portal_schema.nodes import to_global
from tests.factories import FAST
from tests.product import Caller, Product, TenantUnderTest

PREVIEW = """query ($plan: ID!) {
  planChangePreview(planId: $plan) {
    from { name } to { name } effectiveAt proration { amount currency } monthlyDifference { amount currency }
    allowanceAfter { limit used reserved remaining unit per resetsAt } warnings { code message }
    breakEven { messages monthlyMessages currentPrice { amount } newPrice { amount } } token expiresAt
  }
}"""
TOKEN = "query ($plan: ID!) { planChangePreview(planId: $plan) { token } }"
CHANGE = """mutation ($input: PlanChangeInput!) {
  planChange(input: $input) {
    planChange { id from { name } to { name } effectiveAt canceledAt requestedBy { kind name } }
    tenantPlan { plan { name } pendingChange { id to { name } } }
    idempotentReplay errors { code path message }
  }
}"""
CANCEL = """mutation ($input: PlanChangeCancelInput!) {
  planChangeCancel(input: $input) {
    planChange { id canceledAt canceledBy } tenantPlan { plan { name } pendingChange { id } }
    idempotentReplay errors { code path message }
  }
}"""

NOON = datetime(2027, 3, 16, 12, tzinfo=UTC)  # in the middle of a month of 31 days
APRIL = datetime(2027, 4, 1, tzinfo=UTC)


async def turn_to(product: Product, instant: datetime) -> None:
    """Turn the clock, and have partitions for what comes then."""
    product.clock.turn_to(instant)
    await create_partitions(product.database, instant)


async def stage(product: Product, at: datetime = NOON) -> tuple[TenantUnderTest, Caller]:
    """A tenant with the plan Medium (10 a month, 100 messages) since the month's first, and its administrator."""
    await turn_to(product, at.replace(day=1, hour=0))
    tenant = await product.tenant()
    medium = await offer(product, "Medium", tier("10", 100))
    product.clock.turn_to(at.replace(day=1, hour=1))
    made = await change(await product.member(tenant.id, TenantRole.ADMINISTRATOR), medium, "at first")
    assert made["errors"] == []
    product.clock.turn_to(at)
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    return tenant, await product.member(tenant.id, TenantRole.ADMINISTRATOR)


async def large(product: Product) -> str:
    """A plan that Medium is upgraded to."""
    return await offer(product, "Large", tier("49.99", 1_000))


async def small(product: Product) -> str:
    """A plan that Medium is downgraded to."""
    return await offer(product, "Small", tier("5", 2))


async def offer(product: Product, name: str, terms: PlanTerms, **other: Any) -> str:
    """The global id of a first version on sale; the one that is there, where there is one."""
    known = {
        "description": "",
        "strategy": terms.strategy.value,
        "currency": terms.currency,
        "fee": terms.fee,
        "period": terms.period.value,
        "allowance_amount": terms.amount,
        "allowance_unit": terms.unit.value,
        "allowance_per": terms.per.value,
        "at_limit": terms.at_limit.value,
        "overage": terms.overage,
        "margin_kind": terms.margin_kind.value if terms.margin_kind else None,
        "brackets": orjson.dumps([{"up_to": one.up_to, "ratio": str(one.ratio)} for one in terms.brackets]).decode(),
        "credit_packs": orjson.dumps(
            [{"credits": one.credits, "units": one.units, "price": str(one.price)} for one in terms.packs]
        ).decode(),
        "throughput": FAST,
        "created_at": product.clock.now(),
        "published_at": product.clock.now(),
    } | other
    marks = ", ".join(f"${number}" for number in range(3, len(known) + 3))
    sql = (
        f"INSERT INTO plan (id, name, version, state, {', '.join(known)}) VALUES ($1, $2, 1, 'PUBLISHED', {marks}) "  # noqa: S608  constants
        "ON CONFLICT (name, version) DO NOTHING"
    )
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(sql, new_id(product.clock.now()), name, *known.values())
        return to_global("Plan", await tx.value("SELECT id FROM plan WHERE name = $1", name))


def tier(fee: str, amount: int | None, **other: Any) -> PlanTerms:
    """A plan of a month with a fee and an allowance."""
    per = other.pop("per", AllowancePeriod.MONTH)
    return PlanTerms(PricingStrategy.TIER, "USD", fee=Decimal(fee), amount=amount, per=per, **other)


async def offer_smallest(product: Product) -> str:
    """A plan that everybody would come down to: free, with one message a day."""
    return await offer(product, "Smallest", tier("0", 1, per=AllowancePeriod.DAY))


async def token_for(caller: Caller, plan: str) -> str:
    """The token of a preview."""
    return str((await caller.run(TOKEN, plan=plan))["planChangePreview"]["token"])


async def change(caller: Caller, plan: str, key: str) -> dict[str, Any]:
    """Preview a change and make it; what came of it."""
    given = {"idempotencyKey": key, "previewToken": await token_for(caller, plan)}
    made: dict[str, Any] = (await caller.run(CHANGE, input=given))["planChange"]
    return made


async def make(caller: Caller, token: str, key: str = "change") -> Any:
    """What came of a change by this token."""
    return (await caller.run(CHANGE, input={"idempotencyKey": key, "previewToken": token}))["planChange"]


async def cancel(caller: Caller, **given: str) -> Any:
    """What came of taking back what is to come."""
    return (await caller.run(CANCEL, input=given))["planChangeCancel"]


def problems(payload: Any) -> list[tuple[str, list[str] | None]]:
    """The codes and paths of a payload's errors."""
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def change_rows(product: Product, tenant: TenantUnderTest) -> list[tuple[Any, ...]]:
    """All rows that changes of this tenant's plan write."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        held = await tx.rows("SELECT * FROM tenant_plan WHERE tenant_id = $1 ORDER BY id", tenant.id)
        changes = await tx.rows("SELECT * FROM plan_change WHERE tenant_id = $1 ORDER BY id", tenant.id)
    return [tuple(row.values()) for row in [*held, *changes]]


async def rows_of(product: Product, tenant_id: UUID) -> list[tuple[str, Any, Any]]:
    """The plans that a tenant had, has and is to have: names, from when, until when."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        rows = await tx.rows(
            "SELECT plan.name, since, until FROM tenant_plan JOIN plan ON plan.id = plan_id "
            "WHERE tenant_id = $1 ORDER BY since",
            tenant_id,
        )
    return [(row["name"], row["since"], row["until"]) for row in rows]
