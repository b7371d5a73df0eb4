"""What a change of plan would do, in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.plans.cautions import PlanChangeWarning as Warned
from portal.plans.cautions import PlanChangeWarningCode
from portal.plans.previewing import BreakEven, preview_change
from portal.plans.previewing import PlanChangePreview as Preview
from portal.problems import RefusedError
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.nodes import key_of
from portal_schema.plans import Allowance, Plan

READ = requires(Permission.PLAN_READ)
BILLING = requires(Permission.BILLING_READ)

describe(
    PlanChangeWarningCode,
    "What is worth to know before a plan is changed. More values may come.",
    USED_ABOVE_LIMIT="What was used in the running period is all that the plan allows: sending stops until the next.",
    USUAL_USE_ABOVE_LIMIT="In the last 90 days more was used in a period than the plan allows, and it stops there.",
    ALLOWANCE_COUNTED_ANEW="The allowance counts something else, or in other periods: what was used counts elsewhere.",
    COUNTRIES_DROPPED="Messages to some countries would be refused.",
    FEATURES_DROPPED="Something is not in the plan.",
    THROUGHPUT_LOWER="Messages leave more slowly.",
    CURRENCY_CHANGES="The plan has another currency: amounts cannot be compared, and a change comes with a new month.",
    SPEND_CAP_CURRENCY="The spend cap is in another currency and would hold no more.",
    CREDITS_UNUSED="Credits that are left would lie unused.",
    CREDITS_UNPAID="Credits that are not paid for yet are owed all the same.",
    REPLACES_PENDING="Another change is to come and would be taken back.",
)


@strawberry.type(description="Something worth to know before a plan is changed.", directives=READ)
class PlanChangeWarning:
    """A warning; that of `portal.plans` becomes it by `of`."""

    code: PlanChangeWarningCode = strawberry.field(description="What it is, for machines.")
    message: str = strawberry.field(description="What it is, for people. The text may change.")

    @classmethod
    def of(cls, warned: Warned) -> "PlanChangeWarning":
        """The warning in the schema."""
        return cls(code=warned.code, message=warned.message)


@strawberry.type(
    description="Both plans in a month of 30 days at the tenant's real use: that of the last 90 days, evenly spread. "
    "Messages sent and fees alone are counted, by the rate card in force.",
    directives=BILLING,
)
class PlanBreakEven:
    """Where two plans meet; that of `portal.plans` becomes it by `of`."""

    messages: int | None = strawberry.field(
        description="From how many messages a month on the plan that is dearer for a few costs no more than the "
        "other; null where it never does."
    )
    monthly_messages: int = strawberry.field(description="What the tenant sends in a month.")
    current_price: Money = strawberry.field(description="What that costs with the present plan.")
    new_price: Money = strawberry.field(description="What it costs with the other.")

    @classmethod
    def of(cls, found: BreakEven) -> "PlanBreakEven":
        """The two plans in the schema."""
        return cls(
            messages=found.messages,
            monthly_messages=found.monthly_messages,
            current_price=Money.of(found.current_price),
            new_price=Money.of(found.target_price),
        )


@strawberry.type(
    description="A change of plan as it would be made now. An upgrade (a higher fee, or the same fee and a larger "
    "allowance) begins at once, all else with the next month, UTC.",
    directives=READ,
)
class PlanChangePreview:
    """A preview; that of `portal.plans` becomes it by `of`."""

    current: Plan | None = strawberry.field(name="from", description="The present plan; null before there is one.")
    target: Plan | None = strawberry.field(name="to", description="The plan to change to.")
    effective_at: datetime = strawberry.field(description="From when on it holds.")
    proration: Money | None = strawberry.field(
        description="By how much the fees on this month's invoice get higher, net of tax: each plan pays for the days, "
        "UTC, at whose end it is held. Null where the currency changes.",
        directives=BILLING,
    )
    monthly_difference: Money | None = strawberry.field(
        description="By how much the fee of a whole month is higher, of a year's fee a twelfth. Null where the "
        "currency changes."
    )
    allowance_after: Allowance | None = strawberry.field(
        description="The allowance as the change leaves it: what was used in a period that goes on is kept."
    )
    warnings: list[PlanChangeWarning] = strawberry.field(description="What is worth to know before.")
    break_even: PlanBreakEven | None = strawberry.field(
        description="Whether it pays off; null where nothing was sent, or the currency changes."
    )
    token: str = strawberry.field(description="With which `planChange` makes this change, and no other.")
    expires_at: datetime = strawberry.field(
        description="Until when the token is good: 15 minutes, never past midnight UTC, for then all this is otherwise."
    )

    @classmethod
    def of(cls, found: Preview) -> "PlanChangePreview":
        """The preview in the schema."""
        return cls(
            current=Plan.of(found.current) if found.current else None,
            target=Plan.of(found.target),
            effective_at=found.effective_at,
            proration=Money.of(found.proration) if found.proration else None,
            monthly_difference=Money.of(found.monthly_difference) if found.monthly_difference else None,
            allowance_after=Allowance.of(found.allowance_after),
            warnings=[PlanChangeWarning.of(warned) for warned in found.warnings],
            break_even=PlanBreakEven.of(found.break_even) if found.break_even else None,
            token=found.token,
            expires_at=found.expires_at,
        )


@strawberry.type
class PlanPreviewQueries:
    """The root field that previews a change of plan."""

    @strawberry.field(
        description="What a change to this plan would do, without doing it; null where no such plan is on sale.",
        directives=READ,
    )
    async def plan_change_preview(
        self,
        info: Info,
        plan_id: Annotated[strawberry.ID, strawberry.argument(description="The plan to change to.")],
    ) -> PlanChangePreview | None:
        context = info.context
        try:
            found = await preview_change(context.tx, key_of("Plan", plan_id), context.plan_previews, now=context.now)
        except RefusedError as refusal:
            (problem, *_) = refusal.problems
            raise RequestError(ErrorCode.BAD_USER_INPUT, problem.message, path=list(problem.path)) from refusal
        return None if found is None else PlanChangePreview.of(found)
