"""Changing what a number is called and what becomes of calls to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import phonenumbers

from portal.calls.speech import wrong_with
from portal.contacts.numbers import NotAPhoneNumberError, PhoneNumber, parse_number
from portal.database import TenantTransaction
from portal.numbers.kinds import NumberCapability
from portal.numbers.numbers import VoiceAction, VoiceRule, read_numbers_by_id
from portal.plans.plans import read_tenant_plan
from portal.problems import Problem, RefusedError, refuse

LONGEST_LABEL = 100
_COSTLY = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    }
)


class NumberProblem(StrEnum):
    """Why a number is not changed."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    NO_VOICE = "NO_VOICE"
    INVALID_NUMBER = "INVALID_NUMBER"
    OWN_NUMBER = "OWN_NUMBER"
    PREMIUM_NUMBER = "PREMIUM_NUMBER"
    COUNTRY_NOT_IN_PLAN = "COUNTRY_NOT_IN_PLAN"


@dataclass(frozen=True, slots=True)
class NumberChange:
    """What to write; None leaves it as it is."""

    label: str | None
    voice: VoiceRule | None


async def update_number(tx: TenantTransaction, number_id: UUID, change: NumberChange, *, now: datetime) -> None:
    """Change what is given, keep the rest.

    Raises:
        RefusedError: there is no such number, or the values are not acceptable.
    """
    number = (await read_numbers_by_id(tx, [number_id])).get(number_id)
    if number is None:
        raise refuse(NumberProblem.NOT_FOUND, "There is no such number.", "id")
    label = number.label if change.label is None else change.label.strip()
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise refuse(NumberProblem.INVALID, f"A label has 1 to {LONGEST_LABEL} characters.", "label")
    rule = number.voice
    if change.voice is not None:
        if NumberCapability.VOICE not in number.capabilities:
            raise refuse(NumberProblem.NO_VOICE, "This number takes no calls.", "voice")
        rule = await _checked(tx, change.voice, now=now)
    await tx.execute(
        "UPDATE number SET label = $3, voice_action = $4, voice_forward_to = $5, voice_announcement = $6, "
        "voice_language = $7 WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        number_id,
        label,
        rule.action.value if rule else None,
        rule.forward_to if rule else None,
        rule.speech.text if rule and rule.speech else None,
        rule.speech.language.value if rule and rule.speech else None,
    )


async def _checked(tx: TenantTransaction, rule: VoiceRule, *, now: datetime) -> VoiceRule:
    problems = []
    if rule.action is VoiceAction.ANNOUNCE and rule.speech is None:
        problems.append(_invalid("Say what is to be announced.", "announcement"))
    if rule.action is VoiceAction.REJECT and rule.speech is not None:
        problems.append(_invalid("A call that is rejected hears nothing: leave the announcement out.", "announcement"))
    if rule.speech is not None and (wrong := wrong_with(rule.speech.text)) is not None:
        problems.append(_invalid(wrong, "announcement"))
    if (rule.action is VoiceAction.FORWARD) != (rule.forward_to is not None):
        problems.append(_invalid("Give the number to forward to with FORWARD, and with nothing else.", "forwardTo"))
    if problems:
        raise RefusedError(problems)
    if rule.forward_to is None:
        return rule
    return rule._replace(forward_to=(await _target(tx, rule.forward_to, now=now)).e164)


async def _target(tx: TenantTransaction, text: str, *, now: datetime) -> PhoneNumber:
    """Who may be called in place of the tenant."""
    place = ("voice", "forwardTo")
    try:
        number = parse_number(text)
    except NotAPhoneNumberError as error:
        message = f"This is no phone number: {error}. Write it like +1 202 555 0143."
        raise refuse(NumberProblem.INVALID_NUMBER, message, *place) from error
    if phonenumbers.number_type(phonenumbers.parse(number.e164)) in _COSTLY:
        message = "Calls are not forwarded to numbers that cost more than a usual call."
        raise refuse(NumberProblem.PREMIUM_NUMBER, message, *place)
    sql = "SELECT EXISTS (SELECT FROM number WHERE tenant_id = $1 AND number = $2)"
    if await tx.value(sql, tx.tenant_id, number.e164):
        message = "This number is your own: calls would go round in circles."
        raise refuse(NumberProblem.OWN_NUMBER, message, *place)
    held = await read_tenant_plan(tx, now=now)
    if held is not None and held.plan.countries and number.country not in held.plan.countries:
        raise refuse(NumberProblem.COUNTRY_NOT_IN_PLAN, "The plan does not reach this number's country.", *place)
    return number


def _invalid(message: str, field: str) -> Problem:
    return Problem(NumberProblem.INVALID, message, ("voice", field))
