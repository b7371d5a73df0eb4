"""The scalars of the schema, how they read and how they are written."""

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, GraphQLString

from portal.clock import written

CountryCode = NewType("CountryCode", str)
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
    CountryCode: _of_text("CountryCode", "A country by ISO 3166-1 alpha-2, such as US."),
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
