"""What a plan has to be before anybody can buy it: all that is wrong with one, each with its place. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import phonenumbers

from portal.money.money import is_currency, minor_unit
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import AtLimit, CreditPack, MarginBracket, MarginKind, PlanTerms, PricingStrategy, UsageUnit
from portal.problems import Problem

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 500
LONGEST_FEATURE = 80
MOST_FEATURES = MOST_BRACKETS = MOST_PACKS = 20
MOST_MONEY = Decimal(1_000_000_000)
MOST_MARKUP = Decimal(10)
MOST_UNITS = 1_000_000_000
MOST_THROUGHPUT = Decimal(10_000)
MOST_DAYS = 3_660
PRICE_DECIMALS = 10  # of the price of a single message
RATIO_DECIMALS = 6
THROUGHPUT_DECIMALS = 3
AT_LIMIT = {
    PricingStrategy.FIXED_MARGIN: AtLimit.STOP,
    PricingStrategy.DYNAMIC_MARGIN: AtLimit.STOP,
    PricingStrategy.TIER: AtLimit.STOP,
    PricingStrategy.TIER_WITH_OVERAGE: AtLimit.OVERAGE,
    PricingStrategy.CREDITS: AtLimit.CREDITS,
}
"""What happens when an allowance is used up follows from the strategy."""
_BY_COST = frozenset({PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN})
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class PlanProblem(StrEnum):
    """What can be wrong with a plan."""

    INVALID_TEXT = "INVALID_TEXT"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_PRECISE = "TOO_PRECISE"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"
    MISSING = "MISSING"
    NOT_OF_STRATEGY = "NOT_OF_STRATEGY"
    BRACKETS_NOT_RISING = "BRACKETS_NOT_RISING"
    NO_OPEN_BRACKET = "NO_OPEN_BRACKET"


@dataclass(frozen=True, slots=True)
class PlanContent:
    """All that a version of a plan says."""

    name: str
    description: str
    terms: PlanTerms
    countries: tuple[str, ...] = ()  # where messages may go; empty: everywhere
    throughput: Decimal = Decimal(1)  # messages a second
    features: tuple[str, ...] = ()


def problems_of(content: PlanContent) -> list[Problem]:
    """All that is wrong with a plan, with the place of each; of a plan without any, every usage has a price."""
    return [
        *_of_texts(content),
        *_of_amounts(content.terms),
        *_of_allowance(content.terms),
        *_of_brackets(content.terms),
        *_of_packs(content.terms),
        *_of_reach(content),
    ]


def _of_texts(content: PlanContent) -> Iterator[Problem]:
    if not _is_text(content.name, 1, LONGEST_NAME):
        yield _wrong(PlanProblem.INVALID_TEXT, f"Give a name of 1 to {LONGEST_NAME} characters on one line.", "name")
    if not _is_text(content.description, 0, LONGEST_DESCRIPTION):
        message = f"Describe the plan in at most {LONGEST_DESCRIPTION} characters on one line."
        yield _wrong(PlanProblem.INVALID_TEXT, message, "description")
    yield from _not_too_many(content.features, MOST_FEATURES, "features")
    for place, feature in enumerate(content.features):
        if not _is_text(feature, 1, LONGEST_FEATURE) or feature in content.features[:place]:
            message = f"Name each feature once, in 1 to {LONGEST_FEATURE} characters on one line."
            yield _wrong(PlanProblem.INVALID_TEXT, message, "features", str(place))


def _of_amounts(terms: PlanTerms) -> Iterator[Problem]:
    known = _CURRENCY.fullmatch(terms.currency) is not None and is_currency(terms.currency)
    if not known:
        message = "Name a currency that is in use by its three letters, such as USD."
        yield _wrong(PlanProblem.UNKNOWN_CURRENCY, message, "currency")
    yield from _of_number(terms.fee, MOST_MONEY, _decimals_of(terms), "fee")
    with_overage = terms.strategy is PricingStrategy.TIER_WITH_OVERAGE
    if terms.overage is not None and not with_overage:
        message = "Only tiers with overage have a price for what is over the allowance."
        yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "overage")
    elif terms.overage is not None:
        yield from _of_number(terms.overage, MOST_MONEY, PRICE_DECIMALS, "overage")
    elif with_overage:
        message = "Say what each unit over the allowance costs."
        yield _wrong(PlanProblem.MISSING, message, "overage")


def _of_allowance(terms: PlanTerms) -> Iterator[Problem]:
    if terms.amount is not None and not 1 <= terms.amount <= MOST_UNITS:
        message = f"Allow 1 to {MOST_UNITS:,} units, or leave the amount out: there is no limit then."
        yield _wrong(PlanProblem.OUT_OF_RANGE, message, "allowance", "amount")
    if terms.amount is None and terms.strategy is PricingStrategy.TIER_WITH_OVERAGE:
        message = "Say how much the fee covers: overage begins behind it."
        yield _wrong(PlanProblem.MISSING, message, "allowance", "amount")
    if terms.amount is not None and terms.strategy is PricingStrategy.CREDITS:
        message = "Leave the amount out: what may be sent is what the packs are worth."
        yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "allowance", "amount")
    if terms.strategy is PricingStrategy.DYNAMIC_MARGIN:
        if terms.unit is not UsageUnit.MESSAGES:
            message = "Count messages: the brackets go by the ordinal of a message."
            yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "allowance", "unit")
        if terms.per is not AllowancePeriod.MONTH:
            message = "Count by the month: the brackets go by the ordinal of a message in its month."
            yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "allowance", "per")


def _of_brackets(terms: PlanTerms) -> Iterator[Problem]:
    by_cost = terms.strategy in _BY_COST
    if by_cost and terms.margin_kind is None:
        message = "Say whether the ratios are margins or markups."
        yield _wrong(PlanProblem.MISSING, message, "marginKind")
    if not by_cost and terms.margin_kind is not None and terms.other_ratio is None:
        message = "Leave it out: this plan has no ratios."
        yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "marginKind")
    if terms.other_ratio is not None:
        yield from _of_ratio(terms.other_ratio, terms.margin_kind, "otherRatio")
    if not by_cost:
        if terms.brackets:
            message = "Only fixed and dynamic margins have brackets."
            yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "brackets")
        return
    yield from _not_too_many(terms.brackets, MOST_BRACKETS, "brackets")
    if terms.strategy is PricingStrategy.FIXED_MARGIN and len(terms.brackets) > 1:
        message = "A fixed margin has one bracket, which is open; choose a dynamic margin for more."
        yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "brackets", "1")
    if not terms.brackets or terms.brackets[-1].up_to is not None:
        message = "Let the last bracket be open, without an end: else what lies behind it has no price."
        yield _wrong(PlanProblem.NO_OPEN_BRACKET, message, "brackets")
    for place, bracket in enumerate(terms.brackets):
        yield from _of_ratio(bracket.ratio, terms.margin_kind, "brackets", str(place), "marginRatio")
    yield from _of_order(terms.brackets)


def _of_order(brackets: Sequence[MarginBracket]) -> Iterator[Problem]:
    """Each bracket begins where the one before it ends: they can neither overlap nor leave a gap."""
    before = 0
    for place, bracket in enumerate(brackets[:-1]):
        if bracket.up_to is None:
            message = "Only the last bracket may be open: nothing would fall into those behind this one."
            yield _wrong(PlanProblem.BRACKETS_NOT_RISING, message, "brackets", str(place), "upTo")
        elif not before < bracket.up_to <= MOST_UNITS:
            message = f"Let each bracket end behind the one before it: here between {before + 1:,} and {MOST_UNITS:,}."
            yield _wrong(PlanProblem.BRACKETS_NOT_RISING, message, "brackets", str(place), "upTo")
        else:
            before = bracket.up_to


def _of_packs(terms: PlanTerms) -> Iterator[Problem]:
    if terms.strategy is not PricingStrategy.CREDITS:
        if terms.packs:
            message = "Only plans with credits have packs."
            yield _wrong(PlanProblem.NOT_OF_STRATEGY, message, "creditPacks")
        return
    if not terms.packs:
        yield _wrong(PlanProblem.MISSING, "Offer one pack of credits at least.", "creditPacks")
    yield from _not_too_many(terms.packs, MOST_PACKS, "creditPacks")
    for place, pack in enumerate(terms.packs):
        where = ("creditPacks", str(place))
        yield from _of_pack(pack, _decimals_of(terms), where)
        if any(pack.credits == other.credits for other in terms.packs[:place]):
            message = "Offer each number of credits once: a purchase names its pack by it."
            yield _wrong(PlanProblem.OUT_OF_RANGE, message, *where, "credits")


def _of_pack(pack: CreditPack, decimals: int, where: tuple[str, ...]) -> Iterator[Problem]:
    for name, number, most in (
        ("credits", pack.credits, MOST_UNITS),
        ("units", pack.units, MOST_UNITS),
        ("validDays", pack.valid_days, MOST_DAYS),
    ):
        if number is not None and not 1 <= number <= most:
            yield _wrong(PlanProblem.OUT_OF_RANGE, f"Give a number from 1 to {most:,}.", *where, name)
    yield from _of_number(pack.price, MOST_MONEY, decimals, *where, "price")


def _of_reach(content: PlanContent) -> Iterator[Problem]:
    for place, country in enumerate(content.countries):
        if country not in phonenumbers.SUPPORTED_REGIONS or country in content.countries[:place]:
            message = "Name each country once, by its two letters, such as US."
            yield _wrong(PlanProblem.UNKNOWN_COUNTRY, message, "countries", str(place))
    if content.throughput.is_finite() and content.throughput == 0:
        message = "Let some messages leave: the throughput is above 0."
        yield _wrong(PlanProblem.OUT_OF_RANGE, message, "throughput")
    yield from _of_number(content.throughput, MOST_THROUGHPUT, THROUGHPUT_DECIMALS, "throughput")


def _of_ratio(ratio: Decimal, kind: MarginKind | None, *where: str) -> Iterator[Problem]:
    if kind is MarginKind.MARKUP:
        yield from _of_number(ratio, MOST_MARKUP, RATIO_DECIMALS, *where)
    elif ratio.is_finite() and ratio >= 1:
        message = "A margin is a part of the price: give less than 1, such as 0.03 for 3 percent."
        yield _wrong(PlanProblem.OUT_OF_RANGE, message, *where)
    else:
        yield from _of_number(ratio, Decimal(1), RATIO_DECIMALS, *where)


def _of_number(number: Decimal, most: Decimal, decimals: int, *where: str) -> Iterator[Problem]:
    if not number.is_finite() or not 0 <= number <= most:
        yield _wrong(PlanProblem.OUT_OF_RANGE, f"Give a number from 0 to {most:,}.", *where)
    elif number != number.quantize(Decimal(1).scaleb(-decimals)):
        yield _wrong(PlanProblem.TOO_PRECISE, f"Give at most {decimals} decimals.", *where)


def _not_too_many(given: Sequence[object], most: int, where: str) -> Iterator[Problem]:
    if len(given) > most:
        yield _wrong(PlanProblem.OUT_OF_RANGE, f"Give at most {most} of them.", where)


def _decimals_of(terms: PlanTerms) -> int:
    """How many decimals an amount that is owed has; of a currency that nobody knows two."""
    return -int(minor_unit(terms.currency).as_tuple().exponent) if is_currency(terms.currency) else 2


def _is_text(text: str, least: int, most: int) -> bool:
    return least <= len(text) <= most and text.isprintable() and text == text.strip()


def _wrong(code: PlanProblem, message: str, *where: str) -> Problem:
    return Problem(code, message, where)
