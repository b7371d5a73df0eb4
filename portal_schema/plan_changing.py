"""Changing the plan in the schema, and taking a change back."""

from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.plans.changing import ChangeRequest, cancel_change, change_plan
from portal.plans.history import read_plan_change
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.payloads import UserError
from portal_schema.plan_changes import PlanChange
from portal_schema.plans import TenantPlan, find_tenant_plan

WRITE = requires(Permission.PLAN_WRITE)


@strawberry.enum(description="Why a plan was not changed.")
class PlanChangeErrorCode(Enum):
    """The problems that `planChange` can have."""

    PREVIEW_INVALID = strawberry.enum_value(
        "PREVIEW_INVALID", description="The token is none that a preview of this tenant gave."
    )
    PREVIEW_EXPIRED = strawberry.enum_value("PREVIEW_EXPIRED", description="The preview's time is over.")
    PREVIEW_OUTDATED = strawberry.enum_value(
        "PREVIEW_OUTDATED", description="The plan was changed since the preview, or the other is no longer on sale."
    )
    INVALID = strawberry.enum_value("INVALID", description="The idempotency key is empty or too long.")
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.enum(description="Why no change of plan was taken back.")
class PlanChangeCancelErrorCode(Enum):
    """The problems that `planChangeCancel` can have."""

    NOTHING_TO_CANCEL = strawberry.enum_value("NOTHING_TO_CANCEL", description="No change is to come.")
    INVALID = strawberry.enum_value("INVALID", description="The idempotency key is empty or too long.")
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.type(description="Why a plan could not be changed.", directives=WRITE)
class PlanChangeUserError(UserError):
    """One problem."""

    code: PlanChangeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why no change of plan could be taken back.", directives=WRITE)
class PlanChangeCancelUserError(UserError):
    """One problem."""

    code: PlanChangeCancelErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `planChange`.", directives=WRITE)
class PlanChangePayload:
    """The change, or errors."""

    errors: list[PlanChangeUserError] = strawberry.field(description="What is wrong; empty on success.")
    plan_change: PlanChange | None = strawberry.field(default=None, description="The change, made or to come.")
    tenant_plan: TenantPlan | None = strawberry.field(default=None, description="The plan that the tenant has now.")
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether an earlier request with this key made the change."
    )


@strawberry.type(description="The outcome of `planChangeCancel`.", directives=WRITE)
class PlanChangeCancelPayload:
    """The change that was taken back, or errors."""

    errors: list[PlanChangeCancelUserError] = strawberry.field(description="What is wrong; empty on success.")
    plan_change: PlanChange | None = strawberry.field(default=None, description="The change, taken back.")
    tenant_plan: TenantPlan | None = strawberry.field(default=None, description="The plan, which the tenant keeps.")
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether an earlier request with this key took the change back."
    )


@strawberry.input(description="A change of plan that was previewed.")
class PlanChangeInput:
    """Which one, and a key."""

    idempotency_key: str = strawberry.field(
        description="1 to 255 characters of your choice. The same key with the same request has one effect, "
        "however often it comes; with another request it is refused."
    )
    preview_token: str = strawberry.field(description="The token of `planChangePreview`.")


@strawberry.input(description="A change of plan to be taken back.")
class PlanChangeCancelInput:
    """A key, which may be left out: what was taken back is not taken back twice."""

    idempotency_key: str | None = strawberry.field(
        default=None, description="1 to 255 characters of your choice; the same key has one effect."
    )


async def _read(info: Info, change_id: UUID) -> PlanChange | None:
    row = await read_plan_change(info.context.tx, change_id)
    return None if row is None else PlanChange.of(row)


@strawberry.type
class PlanChangeMutations:
    """The root fields that change the plan."""

    @strawberry.mutation(
        description="Change the plan as it was previewed, in place of a change that is still to come.",
        directives=WRITE,
    )
    async def plan_change(
        self,
        info: Info,
        input: Annotated[PlanChangeInput, strawberry.argument(description="The change.")],
    ) -> PlanChangePayload | None:
        context = info.context
        request = ChangeRequest(input.idempotency_key, input.preview_token)
        made = await change_plan(context.tx, request, context.principal.actor, context.plan_previews, now=context.now)
        return PlanChangePayload(
            plan_change=await _read(info, made.change_id),
            tenant_plan=await find_tenant_plan(info, context.tx.tenant_id),
            idempotent_replay=made.replay,
            errors=[],
        )

    @strawberry.mutation(
        description="Take back the change of plan that is to come: the tenant keeps its plan.", directives=WRITE
    )
    async def plan_change_cancel(
        self,
        info: Info,
        input: Annotated[PlanChangeCancelInput, strawberry.argument(description="What to take back.")],
    ) -> PlanChangeCancelPayload | None:
        context = info.context
        canceled = await cancel_change(context.tx, context.principal.actor, input.idempotency_key, now=context.now)
        return PlanChangeCancelPayload(
            plan_change=await _read(info, canceled.change_id),
            tenant_plan=await find_tenant_plan(info, context.tx.tenant_id),
            idempotent_replay=canceled.replay,
            errors=[],
        )
