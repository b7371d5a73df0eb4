"""JSON of one spelling, so that what is the same has the same digest. Pure."""

import hashlib
from decimal import Decimal
from typing import Any

import orjson


def digest_of(value: Any) -> bytes:
    """SHA-256 of JSON values in canonical form: UTF-8, keys in order, no spaces."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


def plain(number: Decimal) -> str:
    """A number without an exponent, without needless zeros and never a negative zero: one spelling for each value."""
    text = f"{number or abs(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_or_none(number: Decimal | None) -> str | None:
    """The same where there may be none."""
    return None if number is None else plain(number)


def number_or_none(text: str | None) -> Decimal | None:
    """The number that was written so."""
    return None if text is None else Decimal(text)
