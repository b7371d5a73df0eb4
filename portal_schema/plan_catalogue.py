"""The catalogue of plans in the schema: the ISV's operator drafts, publishes, retires and assigns them."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.audit.entries import AuditEvent, write_entry
from portal.plans.assigning import assign_plan
from portal.plans.catalogue import draft_plan, publish_plan, read_catalogue, retire_plan
from portal.plans.plans import PlanState
from portal_schema.context import Info
from portal_schema.guards import APART, requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.plan_inputs import PlanInput
from portal_schema.plans import Plan, TenantPlan

CATALOGUE = requires(Permission.CATALOGUE_WRITE)
TENANTS = requires(Permission.TENANTS_WRITE)
Content = Annotated[PlanInput, strawberry.argument(description="All that the version says.")]
PlanId = Annotated[strawberry.ID, strawberry.argument(description="The plan's id.")]
TEXT = "A text is missing, too long, not on one line or there twice."
RANGE = "A number is negative, too small or too large, or there is too much of something."
PRECISE = "An amount or a ratio has more decimals than it may."
CURRENCY = "There is no such currency in use."
COUNTRY = "There is no such country, or it is there twice."
MISSING = "The strategy needs this."
FOREIGN = "The strategy does not have this."
RISING = "A bracket does not end behind the one before it, or an open one is not the last."
OPEN = "The last bracket has an end: usage behind it would have no price."


@strawberry.enum(description="Why a plan was not drafted.")
class PlanDraftErrorCode(Enum):
    """The problems that `planDraft` can have."""

    INVALID_TEXT = strawberry.enum_value("INVALID_TEXT", description=TEXT)
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description=RANGE)
    TOO_PRECISE = strawberry.enum_value("TOO_PRECISE", description=PRECISE)
    UNKNOWN_CURRENCY = strawberry.enum_value("UNKNOWN_CURRENCY", description=CURRENCY)
    UNKNOWN_COUNTRY = strawberry.enum_value("UNKNOWN_COUNTRY", description=COUNTRY)
    MISSING = strawberry.enum_value("MISSING", description=MISSING)
    NOT_OF_STRATEGY = strawberry.enum_value("NOT_OF_STRATEGY", description=FOREIGN)
    BRACKETS_NOT_RISING = strawberry.enum_value("BRACKETS_NOT_RISING", description=RISING)
    NO_OPEN_BRACKET = strawberry.enum_value("NO_OPEN_BRACKET", description=OPEN)


@strawberry.enum(description="Why a plan was not published.")
class PlanPublishErrorCode(Enum):
    """The problems that `planPublish` can have."""

    INVALID_TEXT = strawberry.enum_value("INVALID_TEXT", description=TEXT)
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description=RANGE)
    TOO_PRECISE = strawberry.enum_value("TOO_PRECISE", description=PRECISE)
    UNKNOWN_CURRENCY = strawberry.enum_value("UNKNOWN_CURRENCY", description=CURRENCY)
    UNKNOWN_COUNTRY = strawberry.enum_value("UNKNOWN_COUNTRY", description=COUNTRY)
    MISSING = strawberry.enum_value("MISSING", description=MISSING)
    NOT_OF_STRATEGY = strawberry.enum_value("NOT_OF_STRATEGY", description=FOREIGN)
    BRACKETS_NOT_RISING = strawberry.enum_value("BRACKETS_NOT_RISING", description=RISING)
    NO_OPEN_BRACKET = strawberry.enum_value("NO_OPEN_BRACKET", description=OPEN)
    NO_EXCHANGE_RATE = strawberry.enum_value(
        "NO_EXCHANGE_RATE", description="The rate card in force has no exchange rate for the plan's currency."
    )


@strawberry.enum(description="Why a plan was not retired.")
class PlanRetireErrorCode(Enum):
    """The problems that `planRetire` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such plan.")
    NOT_PUBLISHED = strawberry.enum_value("NOT_PUBLISHED", description="It is retired already.")


@strawberry.enum(description="Why a tenant was not given a plan.")
class TenantPlanAssignErrorCode(Enum):
    """The problems that `tenantPlanAssign` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tenant, or no such plan.")
    NOT_PUBLISHED = strawberry.enum_value("NOT_PUBLISHED", description="The plan is not on sale.")
    ALREADY_HELD = strawberry.enum_value("ALREADY_HELD", description="The tenant has this version already.")


@strawberry.type(description="What is wrong with a plan to be drafted.", directives=CATALOGUE)
class PlanDraftUserError(UserError):
    """One problem."""

    code: PlanDraftErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="What is wrong with a plan to be published.", directives=CATALOGUE)
class PlanPublishUserError(UserError):
    """One problem."""

    code: PlanPublishErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a plan was not retired.", directives=CATALOGUE)
class PlanRetireUserError(UserError):
    """One problem."""

    code: PlanRetireErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a tenant was not given a plan.", directives=TENANTS)
class TenantPlanAssignUserError(UserError):
    """One problem."""

    code: TenantPlanAssignErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `planDraft`.", directives=CATALOGUE)
class PlanDraftPayload:
    """The draft, or errors."""

    errors: list[PlanDraftUserError] = strawberry.field(description="What is wrong; empty on success.")
    plan: Plan | None = strawberry.field(default=None, description="The draft of its name.")


@strawberry.type(description="The outcome of `planPublish`.", directives=CATALOGUE)
class PlanPublishPayload:
    """The version, or errors."""

    errors: list[PlanPublishUserError] = strawberry.field(description="What is wrong; empty on success.")
    plan: Plan | None = strawberry.field(default=None, description="The version that is on sale now.")


@strawberry.type(description="The outcome of `planRetire`.", directives=CATALOGUE)
class PlanRetirePayload:
    """The version, or errors."""

    errors: list[PlanRetireUserError] = strawberry.field(description="What is wrong; empty on success.")
    plan: Plan | None = strawberry.field(
        default=None, description="The version as it is now; null where a draft was thrown away."
    )


@strawberry.type(description="The outcome of `tenantPlanAssign`.", directives=TENANTS)
class TenantPlanAssignPayload:
    """The tenant's plan, or errors."""

    errors: list[TenantPlanAssignUserError] = strawberry.field(description="What is wrong; empty on success.")
    tenant_plan: TenantPlan | None = strawberry.field(default=None, description="The plan that the tenant has now.")


@strawberry.type
class PlanCatalogueQueries:
    """The root field by which the operator reads the whole catalogue."""

    @strawberry.field(
        description="All versions of all plans, the cheapest first: drafts and what is sold no more too.",
        directives=CATALOGUE,
    )
    async def plans(
        self,
        info: Info,
        state: Annotated[PlanState | None, strawberry.argument(description="In this state; all unless given.")] = None,
    ) -> list[Plan] | None:
        async with info.context.reading_tenants() as tx:
            return [Plan.of(row) for row in await read_catalogue(tx, state)]


@strawberry.type
class PlanCatalogueMutations:
    """The root fields by which the operator changes the catalogue."""

    @strawberry.mutation(
        description="Keep a plan as the draft of its name, in place of the draft that there was. Nobody but the "
        "operator sees it.",
        directives=CATALOGUE,
        metadata={APART: True},
    )
    async def plan_draft(self, info: Info, input: Content) -> PlanDraftPayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await draft_plan(tx, input.content(), context.principal.actor.name, now=context.now)
        return PlanDraftPayload(plan=Plan.of(row), errors=[])

    @strawberry.mutation(
        description="Put a plan on sale as the next version of its name; the version before is retired, a draft of "
        "the name becomes this version. It never changes again, and whoever has an earlier version keeps that.",
        directives=CATALOGUE,
        metadata={APART: True},
    )
    async def plan_publish(self, info: Info, input: Content) -> PlanPublishPayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await publish_plan(tx, input.content(), context.principal.actor.name, now=context.now)
        return PlanPublishPayload(plan=Plan.of(row), errors=[])

    @strawberry.mutation(
        description="Take a version off sale; whoever has it keeps it. A draft is thrown away.",
        directives=CATALOGUE,
        metadata={APART: True},
    )
    async def plan_retire(self, info: Info, id: PlanId) -> PlanRetirePayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await retire_plan(tx, key_of("Plan", id), context.principal.actor.name, now=context.now)
        return PlanRetirePayload(plan=None if row is None else Plan.of(row), errors=[])

    @strawberry.mutation(
        description="Let a tenant have a plan that is on sale, from now on; a change of its plan that was to come is "
        "taken back, and what it has used stays used. It stands in the tenant's audit log.",
        directives=TENANTS,
        metadata={APART: True},
    )
    async def tenant_plan_assign(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The tenant's id.")],
        plan_id: PlanId,
    ) -> TenantPlanAssignPayload | None:
        context, key = info.context, key_of("Tenant", id)
        # As the tenant itself: its thresholds, alerts and webhooks follow from it, as from a change of its own.
        async with context.database.for_tenant(key) as tx:
            row = await assign_plan(tx, key_of("Plan", plan_id), context.principal.actor, now=context.now)
            event = AuditEvent("tenantPlanAssign", id, {"plan": f"{row.plan.name}, version {row.plan.version}"})
            await write_entry(tx, key, context.origin, event, at=context.now)
        return TenantPlanAssignPayload(tenant_plan=TenantPlan.of(row), errors=[])
