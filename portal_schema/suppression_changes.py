"""Adding to the list of numbers that get no messages, in the schema. Nothing here takes one off it."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.messages.suppressing import suppress_by_hand
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.payloads import UserError
from portal_schema.suppressions import Suppression

WRITE = requires(Permission.CONTACTS_WRITE)


@strawberry.enum(description="Why a number was not put on the list.")
class SuppressionAddErrorCode(Enum):
    """The problems that `suppressionAdd` can have."""

    INVALID_NUMBER = strawberry.enum_value("INVALID_NUMBER", description="The number is no phone number.")


@strawberry.type(description="Why a number could not be put on the list.", directives=WRITE)
class SuppressionAddUserError(UserError):
    """One problem."""

    code: SuppressionAddErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `suppressionAdd`.", directives=WRITE)
class SuppressionAddPayload:
    """The suppression, or errors."""

    errors: list[SuppressionAddUserError] = strawberry.field(description="What is wrong; empty on success.")
    suppression: Suppression | None = strawberry.field(
        default=None, description="The suppression; an earlier one of this number stays as it was."
    )


@strawberry.input(description="A number that is to get no messages.")
class SuppressionAddInput:
    """Which number."""

    number: str = strawberry.field(
        description="The phone number as people write it; without a country code it is a US one."
    )


@strawberry.type
class SuppressionMutations:
    """The root field that adds to the list."""

    @strawberry.mutation(
        description="Let a number get no messages any more: what has not left yet is canceled. "
        "It cannot be taken back here; the person can, by answering START.",
        directives=WRITE,
    )
    async def suppression_add(
        self,
        info: Info,
        input: Annotated[SuppressionAddInput, strawberry.argument(description="The number.")],
    ) -> SuppressionAddPayload | None:
        row = await suppress_by_hand(info.context.tx, input.number, now=info.context.now)
        return SuppressionAddPayload(suppression=Suppression.of(row), errors=[])
