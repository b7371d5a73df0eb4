"""The scalars of the schema, how they read and how they are written."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, GraphQLString

from portal.clock import written

CalendarMonth = NewType("CalendarMonth", date)
CountryCode = NewType("CountryCode", str)
CurrencyCode = NewType("CurrencyCode", str)
EmailAddress = NewType("EmailAddress", str)
Json = NewType("Json", object)
Locale = NewType("Locale", str)
PhoneNumber = NewType("PhoneNumber", str)
TimeZone = NewType("TimeZone", str)


def _text(value: Any) -> str:
    text: str = GraphQLString.parse_value(value)
    return text


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(_text(value))
    except ValueError as error:
        raise GraphQLError("A DateTime reads like 2026-11-20T14:30:00Z.") from error
    if instant.tzinfo is None:
        raise GraphQLError("A DateTime needs its offset: 2026-11-20T14:30:00Z or 2026-11-20T09:30:00-05:00.")
    return instant.astimezone(UTC)


_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?", re.ASCII)
_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])", re.ASCII)


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:  # a JSON number has been through a float
        raise GraphQLError('A Decimal is a string of at most 15 digits and 10 decimals, such as "49.99".')
    return Decimal(value)


def _written_decimal(value: Decimal) -> str:
    return f"{value or abs(value):f}"  # no exponent, and no negative zero


def _date(value: Any) -> date:
    text = _text(value)
    try:
        if len(text) == len("2026-11-20"):
            return date.fromisoformat(text)
    except ValueError as error:
        raise GraphQLError(f"There is no day {text!r} in the calendar.") from error
    raise GraphQLError("A Date reads like 2026-11-20.")


def _month(value: Any) -> CalendarMonth:
    found = _MONTH.fullmatch(_text(value))
    if found is None:
        raise GraphQLError("A CalendarMonth reads like 2026-11.")
    return CalendarMonth(date(int(found[1]), int(found[2]), 1))


def _of_text(name: str, description: str) -> Any:
    return strawberry.scalar(name=name, description=description, serialize=str, parse_value=_text)


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant by RFC 3339, with its offset; always written in UTC: 2026-11-20T14:30:00.000Z.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=written,
        parse_value=_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar, in UTC: 2026-11-20.",
        serialize=date.isoformat,
        parse_value=_date,
    ),
    CalendarMonth: strawberry.scalar(
        name="CalendarMonth",
        description="A month of the calendar, in UTC: 2026-11.",
        serialize=lambda value: f"{value:%Y-%m}",
        parse_value=_month,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, given and answered as a string: "49.99". Numbers of JSON are refused, '
        "since they are floats.",
        serialize=_written_decimal,
        parse_value=_decimal,
    ),
    CountryCode: _of_text("CountryCode", "A country by ISO 3166-1 alpha-2, such as US."),
    CurrencyCode: _of_text("CurrencyCode", "A currency by ISO 4217, such as USD."),
    EmailAddress: _of_text("EmailAddress", "An e-mail address."),
    Json: strawberry.scalar(
        name="JSON",
        description='An object, given and answered as it is: {"city": "Boston"}.',
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    Locale: _of_text("Locale", "A language by BCP 47, such as en or pt-BR."),
    PhoneNumber: _of_text("PhoneNumber", "A phone number as E.164: +12025550143."),
    TimeZone: _of_text("TimeZone", "A time zone by its IANA name, such as America/New_York."),
}
