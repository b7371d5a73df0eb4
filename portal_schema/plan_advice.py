"""Advice on the tenant's plan in the schema."""

import strawberry

from auth.permissions import Permission
from portal.rerating.advice import PlanAdvice as Advice
from portal.rerating.advice import PlanAdviceVerdict
from portal.rerating.advice import PlanComparison as Compared
from portal.rerating.advising import advise_on_plan
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.plans import Plan
from portal_schema.scalars import CalendarMonth

READ = requires(Permission.PLAN_READ)
BILLING = requires(Permission.BILLING_READ)

describe(
    PlanAdviceVerdict,
    "What a tenant is advised. More values may come.",
    CHANGE="Another plan would have been cheaper, and let leave all that left.",
    KEEP="No plan would have been cheaper and let leave all that left.",
    NO_USE="No message was sent in these months: there is nothing to compare plans by.",
)


@strawberry.type(description="A plan at what the tenant really used.", directives=READ)
class PlanComparison:
    """A comparison; that of `portal.rerating` becomes it by `of`."""

    plan: Plan = strawberry.field(description="The plan.")
    monthly_price: Money | None = strawberry.field(
        description="What its invoices would have come to in a month: fees of the days on which the tenant had a plan, "
        "usage, and whole packs of credits as units run out; / the months, where a part of one counts by its days. "
        "Net of tax.",
        directives=BILLING,
    )
    refused_messages: int = strawberry.field(
        description="How many messages of all these months it would have refused, since it stops at its limit; they "
        "are not in its price."
    )

    @classmethod
    def of(cls, found: Compared) -> "PlanComparison":
        """The comparison in the schema."""
        price = Money.of(found.monthly_price)
        return cls(plan=Plan.of(found.plan), monthly_price=price, refused_messages=found.refused)


@strawberry.type(
    description="Which plan on sale comes cheapest for what the tenant used in the last three whole months, UTC, of "
    "those in the currency of its plan. One that would have refused more messages than the present plan, or that does "
    "not reach all of its countries, is compared and not recommended. What else a change does tells "
    "`planChangePreview`.",
    directives=READ,
)
class PlanAdvice:
    """Advice; that of `portal.rerating` becomes it by `of`."""

    verdict: PlanAdviceVerdict = strawberry.field(description="What comes of it.")
    months: list[CalendarMonth] = strawberry.field(description="The months that were looked at.")
    recommended: Plan | None = strawberry.field(
        description="The cheapest plan, perhaps the present one; null where nothing was used."
    )
    monthly_saving: Money | None = strawberry.field(
        description="By how much a month would have been cheaper than with the present plan, never below nothing; null "
        "where nothing was used.",
        directives=BILLING,
    )
    reason: str | None = strawberry.field(description="Why, for people. The text may change.", directives=BILLING)
    basis: list[PlanComparison] = strawberry.field(
        description="All that were compared, the present plan too, the cheapest first; empty where nothing was used."
    )

    @classmethod
    def of(cls, found: Advice) -> "PlanAdvice":
        """The advice in the schema."""
        return cls(
            verdict=found.verdict,
            months=[CalendarMonth(month) for month in found.months],
            recommended=None if found.recommended is None else Plan.of(found.recommended),
            monthly_saving=None if found.monthly_saving is None else Money.of(found.monthly_saving),
            reason=found.reason,
            basis=[PlanComparison.of(one) for one in found.basis],
        )


@strawberry.type
class PlanAdviceQueries:
    """The root field that advises on the plan."""

    @strawberry.field(
        description="The cheapest plan for what the tenant really used, and why; null before it has a plan, and where "
        "there is no exchange rate for the currency of one that it had.",
        directives=READ,
    )
    async def plan_advice(self, info: Info) -> PlanAdvice | None:
        found = await advise_on_plan(info.context.tx, now=info.context.now)
        return None if found is None else PlanAdvice.of(found)
