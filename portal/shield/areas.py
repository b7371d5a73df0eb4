"""Where traffic goes: the numbers that begin alike, and the country that they are in. Pure."""

from enum import StrEnum
from typing import NamedTuple

from portal.contacts.numbers import country_of

PREFIX_DIGITS = 7  # a block of ten thousand numbers in North America, of some more elsewhere


class TrafficKind(StrEnum):
    """What is sent or called."""

    SMS = "SMS"
    CALL = "CALL"
    FORWARD = "FORWARD"


class Area(NamedTuple):
    """Numbers that begin alike, or with an empty prefix all of a country; an empty country is not known."""

    country: str
    prefix: str

    @property
    def whole_country(self) -> "Area":
        """The country that it lies in."""
        return Area(self.country, "")


def area_of(number: str, country: str | None = None) -> Area:
    """The smallest area of a number in E.164; its country is found out unless it is known."""
    return Area(country or country_of(number) or "", number[: 1 + PREFIX_DIGITS])
