"""Plans and allowances in the schema."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database import TenantTransaction
from portal.money.money import Money as Amount
from portal.plans.allowance import Allowance as AllowanceState
from portal.plans.allowance import read_allowances
from portal.plans.catalogue import read_plan, read_plans_on_sale
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanRow, PlanState, TenantPlanRow, read_own_plan, read_tenant_plans
from portal.pricing.terms import AtLimit, MarginKind, PlanPeriod, PlanTerms, PricingStrategy, UsageUnit
from portal_schema.context import Info
from portal_schema.guards import check, refuse_without, requires
from portal_schema.money import Money
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.spend import SpendCap, find_spend_cap

if TYPE_CHECKING:
    from portal_schema.plan_changes import PlanChange
from portal_schema.scalars import CountryCode, CurrencyCode

READ = requires(Permission.USAGE_READ)
LISTED = requires(Permission.PLAN_READ)
ECONOMICS = requires(Permission.ECONOMICS_READ)
WHOEVER_READS_THE_PLAN = requires()  # a tenant by its plan or the catalogue, the operator by the tenant or `plans`


@strawberry.type(description="What the pace of the period so far leads to.", directives=READ)
class AllowanceForecast:
    """A forecast."""

    exhausted_at: datetime | None = strawberry.field(
        description="When the allowance will be used up; null: not in this period, or it is already."
    )
    at_period_end: int = strawberry.field(description="How much will be used when the period ends.")


@strawberry.type(description="What a tenant may still send in the present period.", directives=READ)
class Allowance:
    """An allowance; the ledger's state becomes it by `of`."""

    limit: int | None = strawberry.field(description="How much the plan allows in a period; null: no limit.")
    used: int = strawberry.field(description="What was handed over in this period.")
    reserved: int = strawberry.field(description="What was accepted and has not left yet.")
    remaining: int | None = strawberry.field(
        description="What is left: limit - used - reserved, without what credits paid for; null: no limit."
    )
    unit: UsageUnit = strawberry.field(description="What is counted.")
    per: AllowancePeriod = strawberry.field(description="How often it begins anew.")
    resets_at: datetime = strawberry.field(description="When the next period begins.")
    state: strawberry.Private[AllowanceState]

    @classmethod
    def of(cls, state: AllowanceState) -> "Allowance":
        """The allowance in this state."""
        return cls(
            limit=state.limit,
            used=state.position.used,
            reserved=state.position.reserved,
            remaining=state.remaining,
            unit=state.unit,
            per=state.per,
            resets_at=state.period.end,
            state=state,
        )

    @strawberry.field(description="How it will do at its pace so far; null before anything is sent in the period.")
    def forecast(self, info: Info) -> AllowanceForecast | None:
        found = self.state.forecast(now=info.context.now)
        if found is None:
            return None
        return AllowanceForecast(exhausted_at=found.exhausted_at, at_period_end=found.at_period_end)


@strawberry.type(description="How much a plan allows.", directives=WHOEVER_READS_THE_PLAN)
class PlanAllowance:
    """The plan's side of an allowance."""

    amount: int | None = strawberry.field(description="How much in a period; null: no limit.")
    unit: UsageUnit = strawberry.field(description="What is counted.")
    per: AllowancePeriod = strawberry.field(description="How often it begins anew.")
    at_limit: AtLimit = strawberry.field(description="What happens when it is used up.")


@strawberry.type(
    description="The margin on the messages of a month that lie behind the bracket before, up to an ordinal.",
    directives=WHOEVER_READS_THE_PLAN,
)
class PlanBracket:
    """A bracket of a plan that prices by cost."""

    up_to: int | None = strawberry.field(description="The last message of it in a month; null: it is open.")
    margin_ratio: Decimal | None = strawberry.field(
        description="The margin or markup, as `marginKind` says: 0.05 is 5 percent.", directives=ECONOMICS
    )


@strawberry.type(description="Credits that can be bought together.", directives=WHOEVER_READS_THE_PLAN)
class CreditPack:
    """A pack of a plan's credits."""

    credits: int = strawberry.field(description="How many credits.")
    units: int = strawberry.field(description="What may be sent with them, in `unit`.")
    unit: UsageUnit = strawberry.field(description="What is counted.")
    units_per_credit: Decimal = strawberry.field(description="What one credit of this pack is worth, in `unit`.")
    price: Money | None = strawberry.field(description="What the pack costs, net of tax.", directives=LISTED)
    valid_days: int | None = strawberry.field(description="For how many days after the purchase; null: for ever.")


@strawberry.type(
    description="One version of a plan. Once it is published it never changes: a tenant keeps its version until it "
    "changes its plan. All prices are net of tax.",
    directives=WHOEVER_READS_THE_PLAN,
)
class Plan(Node):
    """A plan; rows of `portal.plans` become it by `of`."""

    name: str = strawberry.field(description="The plan's name, such as Silver.")
    version: int = strawberry.field(description="A tenant keeps its version until it changes.")
    description: str = strawberry.field(description="What it is for; empty where nobody said.")
    strategy: PricingStrategy = strawberry.field(description="How it makes a price.")
    currency: CurrencyCode = strawberry.field(description="The currency of all of its prices.")
    fee: Money | None = strawberry.field(
        description="What it costs in `period`, whatever is used; a part of a period costs its days.", directives=LISTED
    )
    period: PlanPeriod = strawberry.field(description="What the fee is for.")
    allowance: PlanAllowance = strawberry.field(description="What may be sent with it.")
    overage: Money | None = strawberry.field(
        description="What each unit over the allowance costs; null where there is no overage.", directives=LISTED
    )
    margin_kind: MarginKind | None = strawberry.field(
        description="What its ratios are of; null where it has none.", directives=ECONOMICS
    )
    brackets: list[PlanBracket] = strawberry.field(
        description="Of a plan that prices by cost: where a month's messages change their margin; the last is open."
    )
    other_ratio: Decimal | None = strawberry.field(
        description="The margin or markup on what is no sent message, such as calls and numbers; null: the fee "
        "covers that.",
        directives=ECONOMICS,
    )
    credit_packs: list[CreditPack] = strawberry.field(description="The credits that it offers; empty without any.")
    countries: list[CountryCode] = strawberry.field(description="Where messages may go; empty: everywhere.")
    throughput: Decimal = strawberry.field(description="Messages a second.")
    features: list[str] = strawberry.field(description="What else is in it, in words for people.")
    state: PlanState = strawberry.field(description="Whether it is on sale.")
    published_at: datetime | None = strawberry.field(description="Since when it never changes; null: it is a draft.")
    retired_at: datetime | None = strawberry.field(description="Since when it is sold no more, if it is so.")

    @classmethod
    def of(cls, row: PlanRow) -> "Plan":
        """The plan in this row."""
        terms = row.terms
        return cls(
            id=to_global("Plan", row.id),
            name=row.name,
            version=row.version,
            description=row.description,
            strategy=terms.strategy,
            currency=CurrencyCode(terms.currency),
            fee=_money(terms, terms.fee),
            period=terms.period,
            allowance=PlanAllowance(amount=terms.amount, unit=terms.unit, per=terms.per, at_limit=terms.at_limit),
            overage=None if terms.overage is None else _money(terms, terms.overage),
            margin_kind=terms.margin_kind,
            brackets=[PlanBracket(up_to=one.up_to, margin_ratio=one.ratio) for one in terms.brackets],
            other_ratio=terms.other_ratio,
            credit_packs=_packs(terms),
            countries=[CountryCode(country) for country in row.countries],
            throughput=row.throughput,
            features=list(row.features),
            state=row.state,
            published_at=row.published_at,
            retired_at=row.retired_at,
        )


def _money(terms: PlanTerms, amount: Decimal) -> Money:
    return Money.of(Amount(amount, terms.currency))


def _packs(terms: PlanTerms) -> list[CreditPack]:
    return [
        CreditPack(
            credits=pack.credits,
            units=pack.units,
            unit=terms.unit,
            units_per_credit=pack.units_per_credit,
            price=_money(terms, pack.price),
            valid_days=pack.valid_days,
        )
        for pack in terms.packs
    ]


@strawberry.type(description="The plan that a tenant has.", directives=READ)
class TenantPlan:
    """A tenant's plan; rows of `portal.plans` become it by `of`."""

    plan: Plan = strawberry.field(description="The plan.")
    since: datetime = strawberry.field(description="Since when the tenant has it.")
    tenant_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: TenantPlanRow) -> "TenantPlan":
        """The tenant's plan in this row."""
        return cls(plan=Plan.of(row.plan), since=row.since, tenant_id=row.tenant_id)

    @strawberry.field(description="What may still be sent in the present period.")
    async def allowance(self, info: Info) -> Allowance | None:
        return await find_allowance(info, self.tenant_id)

    @strawberry.field(
        description="The change of plan that is to come, or null where the tenant keeps its plan.",
        directives=requires(Permission.PLAN_READ),
    )
    async def pending_change(
        self, info: Info
    ) -> Annotated["PlanChange", strawberry.lazy("portal_schema.plan_changes")] | None:
        from portal_schema.plan_changes import find_pending_change  # noqa: PLC0415  the two know each other

        return await find_pending_change(info, self.tenant_id)

    @strawberry.field(description="The cap on what usage may come to in a month beside the fee; null without one.")
    async def spend_cap(self, info: Info) -> SpendCap | None:
        return await find_spend_cap(info, self.tenant_id)


async def find_tenant_plan(info: Info, tenant_id: UUID) -> TenantPlan | None:
    """The plan that this tenant has now, or None: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: list[UUID]) -> list[TenantPlan | None]:
        async with info.context.reading_tenants() as tx:
            rows = await read_tenant_plans(tx, tenant_ids, now=info.context.now)
        return [TenantPlan.of(rows[asked]) if asked in rows else None for asked in tenant_ids]

    found: TenantPlan | None = await info.context.loader("plan", load).load(tenant_id)
    return found


async def find_allowance(info: Info, tenant_id: UUID) -> Allowance | None:
    """This tenant's allowance now, or None before it has a plan: read together like plans."""

    async def load(tenant_ids: list[UUID]) -> list[Allowance | None]:
        async with info.context.reading_tenants() as tx:
            states = await read_allowances(tx, tenant_ids, now=info.context.now)
        return [Allowance.of(states[asked]) if asked in states else None for asked in tenant_ids]

    found: Allowance | None = await info.context.loader("allowance", load).load(tenant_id)
    return found


async def find_plan(info: Info, given: str) -> Plan | None:
    """The plan of this global id, or None: for the operator any, for a tenant what is on sale or was its own."""
    context, key = info.context, from_global("Plan", given)
    if context.principal.is_staff and context.support_session is None:
        check(context, frozenset({Permission.CATALOGUE_WRITE}))
    else:
        refuse_without(frozenset({Permission.USAGE_READ}) - context.root_permissions, context.principal)
        context.note_read("Query.node", {"id": given})
    if key is None:
        return None
    async with context.reading_tenants() as tx:
        row = await (read_own_plan(tx, key) if isinstance(tx, TenantTransaction) else read_plan(tx, key))
    return None if row is None else Plan.of(row)


@strawberry.type
class PlanQueries:
    """The root fields that read plans."""

    @strawberry.field(description="The tenant's plan, or null before it has one.", directives=READ)
    async def plan(self, info: Info) -> TenantPlan | None:
        return await find_tenant_plan(info, info.context.tx.tenant_id)

    @strawberry.field(
        description="The plans that the tenant can choose from, and the one that it has; the cheapest first.",
        directives=LISTED,
    )
    async def plan_catalogue(self, info: Info) -> list[Plan] | None:
        return [Plan.of(row) for row in await read_plans_on_sale(info.context.tx)]

    @strawberry.field(
        description="What the tenant may still send in the present period; null before it has a plan.", directives=READ
    )
    async def allowance(self, info: Info) -> Allowance | None:
        return await find_allowance(info, info.context.tx.tenant_id)
