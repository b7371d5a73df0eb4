"""Changing numbers in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.calls.speech import Speech, SpeechLanguage
from portal.numbers.numbers import VoiceAction, read_numbers_by_id
from portal.numbers.numbers import VoiceRule as Rule
from portal.numbers.updating import NumberChange, update_number
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.numbers import Number
from portal_schema.payloads import UserError

WRITE = requires(Permission.NUMBERS_WRITE)


@strawberry.input(description="How calls to a number are to be answered; it replaces the rule that was there.")
class VoiceRuleInput:
    """A rule."""

    action: VoiceAction = strawberry.field(description="What becomes of a call.")
    forward_to: str | None = strawberry.field(
        default=None,
        description="With FORWARD, who is called instead: a number in a country of the plan, none of your own, and "
        "none that costs more than a usual call.",
    )
    announcement: str | None = strawberry.field(
        default=None,
        description="What is said with ANNOUNCE, and with FORWARD where a call may not be forwarded: 1 to 700 "
        "characters.",
    )
    language: SpeechLanguage = strawberry.field(
        default=SpeechLanguage.EN_US, description="The language that the announcement is read in."
    )

    def rule(self) -> Rule:
        """The rule as the business takes it."""
        speech = None if self.announcement is None else Speech(self.announcement, self.language)
        return Rule(self.action, self.forward_to, speech)


@strawberry.input(description="What to change of a number; what is left out stays.")
class NumberUpdateInput:
    """A change."""

    label: str | None = strawberry.field(default=None, description="What you call it; 1 to 100 characters.")
    voice: VoiceRuleInput | None = strawberry.field(default=None, description="How calls to it are answered.")


@strawberry.enum(description="Why a number was not changed.")
class NumberUpdateErrorCode(Enum):
    """The problems that `numberUpdate` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such number.")
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    NO_VOICE = strawberry.enum_value("NO_VOICE", description="The number takes no calls.")
    INVALID_NUMBER = strawberry.enum_value("INVALID_NUMBER", description="The number to forward to is no phone number.")
    OWN_NUMBER = strawberry.enum_value("OWN_NUMBER", description="The number to forward to is one of your own.")
    PREMIUM_NUMBER = strawberry.enum_value(
        "PREMIUM_NUMBER", description="The number to forward to costs more than a usual call."
    )
    COUNTRY_NOT_IN_PLAN = strawberry.enum_value(
        "COUNTRY_NOT_IN_PLAN", description="The plan does not reach the country of the number to forward to."
    )


@strawberry.type(description="Why a number was not changed.", directives=WRITE)
class NumberUpdateUserError(UserError):
    """One problem."""

    code: NumberUpdateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `numberUpdate`.", directives=WRITE)
class NumberUpdatePayload:
    """The number, or errors."""

    errors: list[NumberUpdateUserError] = strawberry.field(description="What is wrong; empty on success.")
    number: Number | None = strawberry.field(default=None, description="The number as it is now.")


@strawberry.type
class NumberMutations:
    """The root field that changes numbers."""

    @strawberry.mutation(
        description="Change what a number is called, and what becomes of calls to it.", directives=WRITE
    )
    async def number_update(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The number's id.")],
        input: Annotated[NumberUpdateInput, strawberry.argument(description="What to change.")],
    ) -> NumberUpdatePayload | None:
        tx, key = info.context.tx, key_of("Number", id)
        voice = input.voice.rule() if input.voice is not None else None
        await update_number(tx, key, NumberChange(input.label, voice), now=info.context.now)
        return NumberUpdatePayload(number=Number.of((await read_numbers_by_id(tx, [key]))[key]), errors=[])
