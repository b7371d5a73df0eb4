"""What everything costs: the simulator's own price list, from which usage is priced and which the Pricing API tells.

All prices are millionths of a dollar, so that sums are exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import phonenumbers


@dataclass(frozen=True, slots=True)
class CountryPrices:
    """A country's prices: of a segment, a minute, and a number's month."""

    name: str
    sms_out: int
    sms_in: int
    call_out: int
    call_in: int
    number: int | None  # None: no local numbers there
    carriers: tuple[str, ...] = ("Carrier",)


PRICES: Mapping[str, CountryPrices] = MappingProxyType(
    {
        "US": CountryPrices("United States", 8_300, 8_300, 14_000, 8_500, 1_150_000, ("AT&T", "T-Mobile", "Verizon")),
        "CA": CountryPrices("Canada", 8_300, 8_300, 14_000, 8_500, 1_150_000, ("Bell", "Rogers")),
        "DE": CountryPrices("Germany", 112_000, 7_500, 15_600, 10_000, 1_150_000, ("Telekom", "Vodafone")),
        "FR": CountryPrices("France", 79_800, 7_500, 14_700, 10_000, 1_150_000),
        "GB": CountryPrices("United Kingdom", 52_400, 7_500, 15_800, 10_000, 1_150_000, ("EE", "O2")),
        "IN": CountryPrices("India", 83_200, 7_500, 49_700, 10_000, None),
    }
)
_ELSEWHERE = CountryPrices("Elsewhere", 150_000, 7_500, 200_000, 10_000, None)
MMS_PRICES: Mapping[str, int] = MappingProxyType({"US": 22_000, "CA": 22_000})  # elsewhere carriers take none
CARRIER_FEE = 3_000  # of each segment to or from the United States, beside Twilio's own price
LOOKUP = 8_000  # of the type of a number's line
MMS_CARRIER_FEE = 7_000  # of each MMS to the United States
FAILED_FEE = 1_000  # of each message that failed


def prices_at(number: str) -> CountryPrices:
    """The prices of the country that a number belongs to."""
    return PRICES.get(country_of(number), _ELSEWHERE)


def sent_micros(recipient: str, segments: int, num_media: int) -> int:
    """What a message that is sent costs: an MMS is one, whatever its text."""
    return MMS_PRICES[country_of(recipient)] if num_media else segments * prices_at(recipient).sms_out


def country_of(number: str) -> str:
    """The country of a number, by ISO 3166-1 alpha-2; empty where there is none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


def carrier_fee(number: str, segments: int) -> int:
    """What carriers ask for so many segments to or from this number."""
    return segments * CARRIER_FEE if country_of(number) == "US" else 0


def dollars(micros: int) -> str:
    """An amount as Twilio writes it: at least two decimals, no more than there are."""
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    decimals = f"{micros % 1_000_000:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{micros // 1_000_000}.{decimals}"
