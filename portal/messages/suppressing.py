"""Putting a number on the suppression list by hand, and taking back what was on its way to it."""

from datetime import datetime
from enum import StrEnum

from portal.contacts.numbers import NotAPhoneNumberError, parse_number
from portal.contacts.suppressions import SuppressionRow, SuppressionSource, read_suppressions_of, suppress
from portal.database import TenantTransaction
from portal.messages.canceling import cancel_to
from portal.problems import refuse


class SuppressionProblem(StrEnum):
    """Why a number is not put on the list."""

    INVALID_NUMBER = "INVALID_NUMBER"


async def suppress_by_hand(tx: TenantTransaction, text: str, *, now: datetime) -> SuppressionRow:
    """Let a number, as people write it, get no messages any more; what is on the list already stays as it is.

    Raises:
        RefusedError: it is no phone number.
    """
    try:
        number = parse_number(text).e164
    except NotAPhoneNumberError as error:
        message = f"This is no phone number: {error}. Write it like +1 202 555 0143."
        raise refuse(SuppressionProblem.INVALID_NUMBER, message, "number") from error
    await suppress(tx, number, SuppressionSource.MANUAL, now=now)
    await cancel_to(tx, [number], now=now)
    return (await read_suppressions_of(tx, [number]))[number]
