"""Buying credits, and how many may be used before they are paid, in the schema."""

from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.audit.entries import AuditEvent, write_entry
from portal.credits.paying import set_credit_limit
from portal.credits.purchasing import purchase
from portal.money.money import Money as Amount
from portal_schema.context import Info
from portal_schema.credits import CreditLot, load_lot
from portal_schema.guards import APART, requires
from portal_schema.money import Money
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

WRITE = requires(Permission.BILLING_WRITE)
OPERATOR = requires(Permission.CATALOGUE_WRITE)


@strawberry.enum(description="Why no credits were bought.")
class CreditPurchaseErrorCode(Enum):
    """The problems that `creditPurchase` can have."""

    NO_SUCH_PACK = strawberry.enum_value("NO_SUCH_PACK", description="The plan has no pack of so many credits.")
    INVALID = strawberry.enum_value("INVALID", description="The key is empty or too long.")
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again with the same key."
    )


@strawberry.enum(description="Why a credit limit was not set.")
class CreditLimitSetErrorCode(Enum):
    """The problems that `creditLimitSet` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tenant with a plan.")
    INVALID = strawberry.enum_value("INVALID", description="The amount is negative.")


@strawberry.type(description="Why credits could not be bought.", directives=WRITE)
class CreditPurchaseUserError(UserError):
    """One problem."""

    code: CreditPurchaseErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="What is wrong with a credit limit to be set.", directives=OPERATOR)
class CreditLimitSetUserError(UserError):
    """One problem."""

    code: CreditLimitSetErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `creditPurchase`.", directives=WRITE)
class CreditPurchasePayload:
    """The lot, or errors."""

    errors: list[CreditPurchaseUserError] = strawberry.field(description="What is wrong; empty on success.")
    credit_lot: CreditLot | None = strawberry.field(default=None, description="The lot that was bought.")
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether an earlier request with this key bought it."
    )


@strawberry.type(description="The outcome of `creditLimitSet`.", directives=OPERATOR)
class CreditLimitSetPayload:
    """The limit, or errors."""

    errors: list[CreditLimitSetUserError] = strawberry.field(description="What is wrong; empty on success.")
    credit_limit: Money | None = strawberry.field(default=None, description="The limit as it is now.")


@strawberry.input(description="Credits to be bought.")
class CreditPurchaseInput:
    """A pack of the plan."""

    idempotency_key: str = strawberry.field(
        description="1 to 255 characters of your choice. The same key with the same request has one effect, "
        "however often it comes; with another request it is refused."
    )
    credits: int = strawberry.field(description="How many credits the pack has: one of those of your plan.")


@strawberry.input(description="How much of credits a tenant may use before they are paid.")
class CreditLimitSetInput:
    """A tenant and an amount."""

    tenant_id: strawberry.ID = strawberry.field(description="The tenant.")
    amount: Decimal = strawberry.field(
        description="Up to which price of all its unpaid credits, in its plan's currency; 0: none."
    )


@strawberry.type
class CreditMutations:
    """The root fields that are about buying credits."""

    @strawberry.mutation(
        description="Buy a pack of credits. It is usable once it is paid, or at once within the tenant's credit limit.",
        directives=WRITE,
    )
    async def credit_purchase(
        self,
        info: Info,
        input: Annotated[CreditPurchaseInput, strawberry.argument(description="What to buy.")],
    ) -> CreditPurchasePayload | None:
        context = info.context
        bought = await purchase(
            context.tx, input.idempotency_key, input.credits, context.principal.actor, now=context.now
        )
        lot = await load_lot(info, bought.lot_id)
        return CreditPurchasePayload(credit_lot=lot, idempotent_replay=bought.replay, errors=[])

    @strawberry.mutation(
        description="Set up to which price a tenant may use credits before they are paid. "
        "Those that wait and fit into it become usable.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def credit_limit_set(
        self,
        info: Info,
        input: Annotated[CreditLimitSetInput, strawberry.argument(description="The limit.")],
    ) -> CreditLimitSetPayload | None:
        context, tenant_id = info.context, key_of("Tenant", input.tenant_id)
        async with context.operating(tenant_id) as tx:
            currency = await set_credit_limit(tx, tenant_id, input.amount, now=context.now)
            event = AuditEvent("creditLimitSet", input.tenant_id, {"amount": str(input.amount)})
            await write_entry(tx, tenant_id, context.origin, event, at=context.now)
        return CreditLimitSetPayload(credit_limit=Money.of(Amount(input.amount, currency)), errors=[])
