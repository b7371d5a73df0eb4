"""Making calls in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.calls.making import CallRequest, make_call
from portal.calls.reading import read_calls_by_id
from portal.calls.speech import Speech, SpeechLanguage
from portal_schema.calls import Call
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

SEND = requires(Permission.MESSAGES_SEND)


@strawberry.input(description="A call that says something.")
class CallMakeInput:
    """Whom to call, and what to say."""

    idempotency_key: str = strawberry.field(
        description="1 to 255 characters of your choice. The same key with the same request has one effect, "
        "however often it comes; with another request it is refused."
    )
    contact_id: strawberry.ID | None = strawberry.field(default=None, description="A contact, or else a number.")
    number: str | None = strawberry.field(
        default=None, description="A number in any usual spelling, or else a contact."
    )
    announcement: str = strawberry.field(description="What is read out to whoever answers: 1 to 700 characters.")
    language: SpeechLanguage = strawberry.field(
        default=SpeechLanguage.EN_US, description="The language that it is read in."
    )
    sender_id: strawberry.ID | None = strawberry.field(
        default=None, description="The number of yours to call from; the first that can call unless given."
    )
    topic: str | None = strawberry.field(
        default=None, description="What it is about, one of the tenant's topics: who declined it is not called."
    )
    respect_quiet_hours: bool = strawberry.field(
        default=True, description="Whether the call is refused while the person's quiet hours, or your own, hold."
    )


@strawberry.enum(description="Why a call was not made.")
class CallMakeErrorCode(Enum):
    """The problems that `callMake` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such contact, or no such number of yours.")
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    INVALID_NUMBER = strawberry.enum_value("INVALID_NUMBER", description="The number is no phone number.")
    TENANT_NOT_ACTIVE = strawberry.enum_value(
        "TENANT_NOT_ACTIVE", description="The tenant is suspended, or not set up yet: nobody is called."
    )
    NO_SENDER = strawberry.enum_value(
        "NO_SENDER", description="The tenant has no number to call from, or no plan, yet."
    )
    OPTED_OUT = strawberry.enum_value("OPTED_OUT", description="The person asked not to hear from the tenant.")
    PREFERENCE = strawberry.enum_value(
        "PREFERENCE", description="The person has chosen to be reached otherwise, or not at all."
    )
    QUIET_HOURS = strawberry.enum_value(
        "QUIET_HOURS", description="The person's quiet hours, or the tenant's, hold just now."
    )
    PAUSED = strawberry.enum_value("PAUSED", description="Calls there are paused, since they look like fraud.")
    COUNTRY_NOT_IN_PLAN = strawberry.enum_value(
        "COUNTRY_NOT_IN_PLAN", description="The plan does not reach the person's country."
    )
    SPEND_CAP_REACHED = strawberry.enum_value(
        "SPEND_CAP_REACHED", description="The call would go over the spend cap of the month."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again with the same key."
    )


@strawberry.type(description="Why a call was not made.", directives=SEND)
class CallMakeUserError(UserError):
    """One problem."""

    code: CallMakeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `callMake`.", directives=SEND)
class CallMakePayload:
    """The call, or errors."""

    errors: list[CallMakeUserError] = strawberry.field(description="What is wrong; empty on success.")
    call: Call | None = strawberry.field(default=None, description="The call, which is made in a moment.")
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether an earlier request with this key made the call."
    )


@strawberry.type
class CallMutations:
    """The root field that makes calls."""

    @strawberry.mutation(
        description="Call somebody and read a text out. What it may cost is reserved under the spend cap.",
        directives=requires(Permission.MESSAGES_SEND, cost=20),
    )
    async def call_make(
        self, info: Info, input: Annotated[CallMakeInput, strawberry.argument(description="The call.")]
    ) -> CallMakePayload | None:
        request = CallRequest(
            input.idempotency_key,
            key_of("Contact", input.contact_id) if input.contact_id is not None else None,
            input.number,
            Speech(input.announcement, input.language),
            key_of("Number", input.sender_id) if input.sender_id is not None else None,
            input.topic,
            input.respect_quiet_hours,
        )
        tx = info.context.tx
        made = await make_call(tx, request, info.context.principal.actor, now=info.context.now)
        call = (await read_calls_by_id(tx, [made.call_id]))[made.call_id]
        return CallMakePayload(call=Call.of(call), idempotent_replay=made.replay, errors=[])
