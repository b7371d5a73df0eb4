"""Phone numbers: read in any usual spelling, kept as E.164. Pure."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException

HOME_REGION = "US"  # how a number without a country code is read
_WHY = {
    NumberParseException.INVALID_COUNTRY_CODE: "no country has this country code",
    NumberParseException.NOT_A_NUMBER: "it holds no digits that could be a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "digits are missing after the country code",
    NumberParseException.TOO_SHORT_NSN: "it is too short",
    NumberParseException.TOO_LONG: "it is too long",
}


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that exists as far as its country's numbering plan tells."""

    e164: str
    country: str  # ISO 3166-1 alpha-2; 001 for numbers of no country


class NotAPhoneNumberError(ValueError):
    """The text is no phone number; the message says why, without the text itself."""


def parse_number(text: str) -> PhoneNumber:
    """Read a number as people write it.

    Raises:
        NotAPhoneNumberError: it is none.
    """
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except NumberParseException as error:
        raise NotAPhoneNumberError(_WHY.get(error.error_type, "it cannot be read")) from error
    if number.extension:
        raise NotAPhoneNumberError("a number with an extension cannot receive messages")
    if not phonenumbers.is_valid_number(number):
        raise NotAPhoneNumberError("its country has no such numbers")
    country = phonenumbers.region_code_for_number(number) or "001"
    return PhoneNumber(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), country)


def country_of(number: str) -> str | None:
    """The country of what may be a number; None for a short code, a name, or nobody's number."""
    try:
        return parse_number(number).country
    except NotAPhoneNumberError:
        return None


def mask_number(e164: str) -> str:
    """The number as those see it who may not see content: its country code's start and its last two digits."""
    return f"{e164[:2]}{'•' * (len(e164) - 4)}{e164[-2:]}"
