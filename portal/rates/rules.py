"""What a rate card may say. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

import phonenumbers

from portal.money.money import is_currency
from portal.problems import Problem
from portal.rates.provider import ELSEWHERE, Rate

MESSAGES = "sms-outbound"
# What each price is of. A misspelt category would price nothing, and nobody would notice.
RATED: Mapping[str, str] = MappingProxyType(
    {
        MESSAGES: "segment",
        "sms-inbound": "segment",
        "mms-outbound": "message",
        "mms-inbound": "message",
        "sms-messages-carrierfees": "segment",
        "mms-messages-carrierfees": "message",
        "failed-message-processing-fee": "message",
        "calls-outbound": "minute",
        "calls-inbound": "minute",
        "phonenumbers": "number and month",
        "lookups": "look-up",
    }
)
MOST_RATES = 5_000
_MOST = Decimal(10) ** 6
_DECIMALS = 10


class RateCardProblem(StrEnum):
    """Why a rate card is not published."""

    INVALID = "INVALID"
    DUPLICATE = "DUPLICATE"
    UNKNOWN_CATEGORY = "UNKNOWN_CATEGORY"
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    ELSEWHERE_MISSING = "ELSEWHERE_MISSING"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"


class RateSource(StrEnum):
    """Where the prices of a rate card come from."""

    PROVIDER = "PROVIDER"
    FILE = "FILE"


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of a card's currency is worth in another."""

    currency: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class CardWish:
    """A card to be published: from the provider's list, with own rates in place of some, or all of it one's own."""

    source: RateSource
    currency: str | None = None  # the provider says its own
    rates: tuple[Rate, ...] = ()
    countries: tuple[str, ...] | None = None  # to read the provider's prices of; None: all
    exchange_rates: tuple[ExchangeRate, ...] = ()


def problems_of(wish: CardWish) -> list[Problem]:
    """All that is wrong with what was asked for, before anything is read."""
    return [*_source(wish), *_rates(wish.rates), *_exchange(wish.exchange_rates)]


def missing(rates: Mapping[tuple[str, str], Decimal]) -> list[Problem]:
    """The categories without a price of everywhere else: in a country that nobody thought of they would be free."""
    wanted = dict.fromkeys([MESSAGES, *(category for category, _ in rates)])
    return [
        Problem(RateCardProblem.ELSEWHERE_MISSING, f"{category} needs a rate for everywhere else.", ("rates",))
        for category in wanted
        if (category, ELSEWHERE) not in rates
    ]


def with_elsewhere(rates: Sequence[Rate]) -> dict[tuple[str, str], Decimal]:
    """The provider's rates, and for everywhere else the highest of each category: an estimate errs upwards."""
    found = {(rate.category, rate.country): rate.price for rate in rates}
    for rate in rates:
        key = (rate.category, ELSEWHERE)
        found[key] = max(found.get(key, rate.price), rate.price)
    return found


def _source(wish: CardWish) -> Iterator[Problem]:
    if wish.source is RateSource.PROVIDER:
        if wish.currency is not None:
            message = "The provider's list says its currency itself: leave it out."
            yield Problem(RateCardProblem.INVALID, message, ("currency",))
        for place, country in enumerate(wish.countries or ()):
            if not _is_country(country):
                yield _unknown_country("countries", str(place))
        return
    if wish.countries is not None:
        message = "Countries say what to read of the provider's list: leave them out with a list of your own."
        yield Problem(RateCardProblem.INVALID, message, ("countries",))
    if wish.currency is None or not is_currency(wish.currency):
        message = "The currency is one that is in use, by its ISO 4217 code, such as USD."
        yield Problem(RateCardProblem.UNKNOWN_CURRENCY, message, ("currency",))


def _rates(rates: Sequence[Rate]) -> Iterator[Problem]:
    if len(rates) > MOST_RATES:
        yield Problem(RateCardProblem.INVALID, f"A card holds at most {MOST_RATES:,} rates.", ("rates",))
        return
    seen = set()
    for place, rate in enumerate(rates):
        at = ("rates", str(place))
        if rate.category not in RATED:
            message = f"A category is one of {', '.join(RATED)}."
            yield Problem(RateCardProblem.UNKNOWN_CATEGORY, message, (*at, "category"))
        if rate.country != ELSEWHERE and not _is_country(rate.country):
            yield _unknown_country(*at, "country")
        if not is_amount(rate.price) or rate.price < 0:
            message = f"A price is 0 or more, below {_MOST:,}, with at most {_DECIMALS} decimals."
            yield Problem(RateCardProblem.INVALID, message, (*at, "price"))
        if (rate.category, rate.country) in seen:
            message = "This category has a rate for this country already."
            yield Problem(RateCardProblem.DUPLICATE, message, at)
        seen.add((rate.category, rate.country))


def _exchange(rates: Sequence[ExchangeRate]) -> Iterator[Problem]:
    seen = set()
    for place, one in enumerate(rates):
        at = ("exchangeRates", str(place))
        if not is_currency(one.currency):
            message = "An exchange rate is for a currency that is in use, by its ISO 4217 code."
            yield Problem(RateCardProblem.UNKNOWN_CURRENCY, message, (*at, "currency"))
        if not is_amount(one.rate) or one.rate <= 0:
            message = f"An exchange rate is more than 0, below {_MOST:,}, with at most {_DECIMALS} decimals."
            yield Problem(RateCardProblem.INVALID, message, (*at, "rate"))
        if one.currency in seen:
            message = "This currency has an exchange rate already."
            yield Problem(RateCardProblem.DUPLICATE, message, at)
        seen.add(one.currency)


def is_amount(number: Decimal) -> bool:
    """Whether a number is one that a price can be, whatever its sign."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_DECIMALS and number.adjusted() < _MOST.adjusted()


def _is_country(code: str) -> bool:
    return code in phonenumbers.SUPPORTED_REGIONS


def _unknown_country(*path: str) -> Problem:
    message = "A country is one that has phone numbers, by its ISO 3166-1 alpha-2 code, such as US."
    return Problem(RateCardProblem.UNKNOWN_COUNTRY, message, path)
