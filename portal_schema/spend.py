"""The spend cap in the schema."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.actor import ActorKind
from portal.plans.spend import SpendCap as Cap
from portal.plans.spend import read_spend_caps, set_spend_cap
from portal_schema.actors import Actor
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.payloads import UserError

READ = requires(Permission.BILLING_READ)
WRITE = requires(Permission.BILLING_WRITE)


@strawberry.type(
    description="A cap on what a month's usage may come to beside the plan's fee: what would go over it is refused.",
    directives=READ,
)
class SpendCap:
    """A cap; that of `portal.plans` becomes it by `of`."""

    amount: Money = strawberry.field(
        description="The cap, in the currency of the plan at which it was set; it holds for what that currency pays."
    )
    spent: Money = strawberry.field(description="What this month's usage has come to, exactly.")
    reserved: Money = strawberry.field(description="The most that what was accepted and has not left yet may come to.")
    reached: bool = strawberry.field(description="Whether nothing is left of it.")
    set_by: Actor = strawberry.field(description="Who set it.")
    set_at: datetime = strawberry.field(description="When it was set.")

    @classmethod
    def of(cls, cap: Cap) -> "SpendCap":
        """This cap."""
        return cls(
            amount=Money.of(cap.amount),
            spent=Money.of(cap.spent),
            reserved=Money.of(cap.reserved),
            reached=cap.reached,
            set_by=Actor(kind=ActorKind(cap.set_by_kind), name=cap.set_by_name),
            set_at=cap.set_at,
        )


@strawberry.enum(description="Why a spend cap was not set.")
class SpendCapSetErrorCode(Enum):
    """The problems that `spendCapSet` can have."""

    INVALID = strawberry.enum_value("INVALID", description="The amount is negative, or finer than the currency.")
    NO_PLAN = strawberry.enum_value("NO_PLAN", description="There is no plan yet, so no currency.")


@strawberry.type(description="What is wrong with a spend cap to be set.", directives=WRITE)
class SpendCapSetUserError(UserError):
    """One problem."""

    code: SpendCapSetErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `spendCapSet`.", directives=WRITE)
class SpendCapSetPayload:
    """The cap, or errors."""

    errors: list[SpendCapSetUserError] = strawberry.field(description="What is wrong; empty on success.")
    spend_cap: SpendCap | None = strawberry.field(default=None, description="The cap as it is now; null: none.")


@strawberry.input(description="A spend cap to be set.")
class SpendCapSetInput:
    """An amount."""

    amount: Decimal | None = strawberry.field(
        description="The cap on a month, in the plan's currency and its decimals; null takes it away."
    )


async def find_spend_cap(info: Info, tenant_id: UUID) -> SpendCap | None:
    """This tenant's cap, or None: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: list[UUID]) -> list[SpendCap | None]:
        async with info.context.reading_tenants() as tx:
            caps = await read_spend_caps(tx, tenant_ids, now=info.context.now)
        return [SpendCap.of(caps[asked]) if asked in caps else None for asked in tenant_ids]

    found: SpendCap | None = await info.context.loader("spend cap", load).load(tenant_id)
    return found


@strawberry.type
class SpendMutations:
    """The root field that sets the cap."""

    @strawberry.mutation(
        description="Set the cap on what usage may come to in a month, or take it away. What is accepted already goes.",
        directives=WRITE,
    )
    async def spend_cap_set(
        self,
        info: Info,
        input: Annotated[SpendCapSetInput, strawberry.argument(description="The cap.")],
    ) -> SpendCapSetPayload | None:
        context = info.context
        await set_spend_cap(context.tx, input.amount, context.principal.actor, now=context.now)
        return SpendCapSetPayload(spend_cap=await find_spend_cap(info, context.tx.tenant_id), errors=[])
