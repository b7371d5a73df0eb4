"""What a plan has to be: what passes has a price for every usage, and what is wrong is told with its place."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.money.money import is_currency, minor_unit
from portal.plans.catalogue import completed
from portal.plans.checking import LONGEST_NAME, MOST_BRACKETS, PlanContent, PlanProblem, problems_of
from portal.plans.periods import AllowancePeriod
from portal.pricing.strategies import BandUsage, other_ratio, strategy_of
from portal.pricing.terms import (
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal.problems import RefusedError
from tests.plans.offers import ALL, CREDITS, DYNAMIC, FIXED, SMALL, SMALL_WITH_OVERAGE

BAD = ("NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "-0.01", "1e400", "-1e400", "1e-400", "0." + "0" * 19 + "1")
NUMBERS = st.one_of(
    st.sampled_from([Decimal(bad) for bad in BAD]),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(0, 20, places=2),
    st.decimals(0, 1, places=3),
)
WHOLE = st.one_of(st.none(), st.integers(-2, 400), st.integers(-(10**12), 10**12))
TEXTS = st.one_of(st.sampled_from(["", " ", "Small", "Small ", "a\nb", "x" * 1000]), st.text())
BRACKETS = st.builds(MarginBracket, WHOLE, NUMBERS)
COUNT = st.integers(-2, 10**12)
PACKS = st.builds(CreditPack, COUNT, COUNT, NUMBERS, WHOLE)
ANY_TERMS = st.builds(
    PlanTerms,
    strategy=st.sampled_from(PricingStrategy),
    currency=st.sampled_from(["USD", "JPY", "KWD", "usd", "XXQ", "", "US\n"]),
    fee=NUMBERS,
    period=st.sampled_from(PlanPeriod),
    amount=WHOLE,
    unit=st.sampled_from(UsageUnit),
    per=st.sampled_from(AllowancePeriod),
    overage=st.one_of(st.none(), NUMBERS),
    margin_kind=st.one_of(st.none(), st.sampled_from(MarginKind)),
    brackets=st.lists(BRACKETS, max_size=4).map(tuple),
    other_ratio=st.one_of(st.none(), NUMBERS),
    packs=st.lists(PACKS, max_size=3).map(tuple),
)
ANY = st.builds(
    PlanContent,
    name=TEXTS,
    description=TEXTS,
    terms=ANY_TERMS,
    countries=st.lists(st.sampled_from(["US", "us", "XX", "DE"]), max_size=3).map(tuple),
    throughput=NUMBERS,
    features=st.lists(TEXTS, max_size=3).map(tuple),
)
_amounts, _ratios = st.decimals(0, 1_000, places=2), st.decimals(0, "0.999999", places=6)


@st.composite
def margins(draw: st.DrawFn) -> PlanTerms:
    """Terms of a dynamic margin, with any number of brackets."""
    ends = sorted(draw(st.sets(st.integers(1, 10_000), max_size=MOST_BRACKETS - 1)))
    brackets = tuple(MarginBracket(end, draw(_ratios)) for end in [*ends, None])
    return PlanTerms(
        PricingStrategy.DYNAMIC_MARGIN, "USD", draw(_amounts), margin_kind=MarginKind.MARGIN, brackets=brackets
    )


GOOD_TERMS = st.one_of(
    margins(),
    st.builds(
        lambda fee, amount: PlanTerms(PricingStrategy.TIER, "USD", fee, amount=amount), _amounts, st.integers(1, 10**9)
    ),
    st.builds(
        lambda amount, overage: PlanTerms(PricingStrategy.TIER_WITH_OVERAGE, "USD", amount=amount, overage=overage),
        st.integers(1, 10**9),
        st.decimals(0, 10, places=10),
    ),
)
USAGE = st.tuples(st.integers(0, 10**6), st.decimals(0, 10**6, places=6))


@given(ANY)
def test_whatever_is_given_is_either_priced_or_told_what_is_wrong_with_it(content: PlanContent) -> None:
    problems = problems_of(content)
    assert {type(problem.code) for problem in problems} <= {PlanProblem}
    assert all(problem.path and problem.message.endswith(".") for problem in problems)
    if problems:
        with pytest.raises(RefusedError) as refused:
            completed(content)
        assert list(refused.value.problems) == problems
    else:
        _has_a_price_for_everything(completed(content).terms, 7, Decimal("0.0083"))


@given(GOOD_TERMS, USAGE)
def test_what_passes_has_a_price_for_every_usage(terms: PlanTerms, usage: tuple[int, Decimal]) -> None:
    content = replace(SMALL, terms=terms)
    assert problems_of(content) == []
    _has_a_price_for_everything(completed(content).terms, *usage)


def _has_a_price_for_everything(terms: PlanTerms, units: int, cost: Decimal) -> None:
    strategy = strategy_of(terms)
    ends = [end for end in strategy.bounds if end is not None]
    assert strategy.bounds == (*ends, None)
    assert all(before < end for before, end in pairwise([0, *ends]))
    for band in range(len(strategy.bounds)):
        price = strategy.price(BandUsage(band, units, units, cost)).amount
        assert price.is_finite()
        assert price >= 0
        assert strategy.price(BandUsage(band, 0, 0, Decimal(0))).amount == 0
    assert terms.fee == terms.fee.quantize(minor_unit(terms.currency))
    assert is_currency(terms.currency)
    assert other_ratio(terms) == terms.other_ratio  # what follows from the brackets stands in the plan


def _terms(content: PlanContent, **changes: Any) -> PlanContent:
    return replace(content, terms=replace(content.terms, **changes))


def _brackets(*brackets: tuple[int | None, str]) -> tuple[MarginBracket, ...]:
    return tuple(MarginBracket(up_to, Decimal(ratio)) for up_to, ratio in brackets)


RISING, OPEN = PlanProblem.BRACKETS_NOT_RISING, PlanProblem.NO_OPEN_BRACKET
RANGE, PRECISE, MISSING = PlanProblem.OUT_OF_RANGE, PlanProblem.TOO_PRECISE, PlanProblem.MISSING
NOT_OF = PlanProblem.NOT_OF_STRATEGY


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (replace(SMALL, name=""), [(PlanProblem.INVALID_TEXT, "name")]),
        (replace(SMALL, name="x" * (LONGEST_NAME + 1)), [(PlanProblem.INVALID_TEXT, "name")]),
        (replace(SMALL, features=("Mail", "Mail")), [(PlanProblem.INVALID_TEXT, "features.1")]),
        (
            replace(SMALL, countries=("US", "XX", "US")),
            [(PlanProblem.UNKNOWN_COUNTRY, "countries.1"), (PlanProblem.UNKNOWN_COUNTRY, "countries.2")],
        ),
        (replace(SMALL, throughput=Decimal(0)), [(RANGE, "throughput")]),
        (replace(SMALL, throughput=Decimal("0.0001")), [(PRECISE, "throughput")]),
        (_terms(SMALL, currency="ABC"), [(PlanProblem.UNKNOWN_CURRENCY, "currency")]),
        (_terms(SMALL, fee=Decimal("49.999")), [(PRECISE, "fee")]),
        (_terms(SMALL, currency="JPY"), [(PRECISE, "fee")]),  # 49.99 yen
        (_terms(SMALL, currency="KWD", fee=Decimal("49.999")), []),  # a dinar has 1,000 fils
        (_terms(SMALL, fee=Decimal("49." + "9" * 40)), [(PRECISE, "fee")]),
        (_terms(SMALL, fee=Decimal("49." + "0" * 40 + "1")), [(PRECISE, "fee")]),
        (_terms(SMALL, amount=0), [(RANGE, "allowance.amount")]),
        (_terms(SMALL, overage=Decimal(1)), [(NOT_OF, "overage")]),
        (_terms(SMALL, packs=CREDITS.terms.packs), [(NOT_OF, "creditPacks")]),
        (_terms(SMALL, brackets=FIXED.terms.brackets), [(NOT_OF, "brackets")]),
        (_terms(SMALL_WITH_OVERAGE, overage=None), [(MISSING, "overage")]),
        (_terms(SMALL_WITH_OVERAGE, amount=None), [(MISSING, "allowance.amount")]),
        (_terms(FIXED, margin_kind=None), [(MISSING, "marginKind")]),
        (_terms(FIXED, brackets=_brackets((None, "1"))), [(RANGE, "brackets.0.marginRatio")]),
        (_terms(FIXED, brackets=()), [(OPEN, "brackets")]),
        (_terms(FIXED, brackets=_brackets((9, "0.1"), (None, "0.1"))), [(NOT_OF, "brackets.1")]),
        (_terms(FIXED, brackets=_brackets((None, "1")), margin_kind=MarginKind.MARKUP), []),
        (_terms(DYNAMIC, brackets=_brackets((100, "0.1"), (200, "0.1"))), [(OPEN, "brackets")]),
        # Each begins where the one before it ends: what would overlap or leave a gap is an end that does not rise.
        (_terms(DYNAMIC, brackets=_brackets((100, "0.1"), (100, "0.1"), (None, "0.1"))), [(RISING, "brackets.1.upTo")]),
        (_terms(DYNAMIC, brackets=_brackets((100, "0.1"), (50, "0.1"), (None, "0.1"))), [(RISING, "brackets.1.upTo")]),
        (_terms(DYNAMIC, brackets=_brackets((0, "0.1"), (None, "0.1"))), [(RISING, "brackets.0.upTo")]),
        (_terms(DYNAMIC, brackets=_brackets((None, "0.1"), (None, "0.1"))), [(RISING, "brackets.0.upTo")]),
        (
            _terms(DYNAMIC, brackets=_brackets((None, "0.1"), (5, "0.1"))),
            [(OPEN, "brackets"), (RISING, "brackets.0.upTo")],
        ),
        (_terms(DYNAMIC, unit=UsageUnit.SEGMENTS), [(NOT_OF, "allowance.unit")]),
        (_terms(DYNAMIC, per=AllowancePeriod.DAY), [(NOT_OF, "allowance.per")]),
        (_terms(CREDITS, packs=()), [(MISSING, "creditPacks")]),
        (_terms(CREDITS, amount=5), [(NOT_OF, "allowance.amount")]),
        (_terms(CREDITS, packs=(CreditPack(0, 5, Decimal(1)),)), [(RANGE, "creditPacks.0.credits")]),
        (_terms(CREDITS, packs=(CreditPack(5, 5, Decimal(1)),) * 2), [(RANGE, "creditPacks.1.credits")]),
    ],
)
def test_each_mistake_is_told_with_its_place_and_nothing_else(
    content: PlanContent, problems: list[tuple[PlanProblem, str]]
) -> None:
    assert [(problem.code, ".".join(problem.path)) for problem in problems_of(content)] == problems


def _as_fee(number: Decimal) -> tuple[PlanContent, str]:
    return _terms(SMALL, fee=number), "fee"


def _as_overage(number: Decimal) -> tuple[PlanContent, str]:
    return _terms(SMALL_WITH_OVERAGE, overage=number), "overage"


def _as_ratio(number: Decimal) -> tuple[PlanContent, str]:
    return _terms(FIXED, brackets=(MarginBracket(None, number),)), "brackets.0.marginRatio"


def _as_other_ratio(number: Decimal) -> tuple[PlanContent, str]:
    return _terms(SMALL, other_ratio=number), "otherRatio"


def _as_price_of_a_pack(number: Decimal) -> tuple[PlanContent, str]:
    return _terms(CREDITS, packs=(CreditPack(1, 1, number),)), "creditPacks.0.price"


def _as_throughput(number: Decimal) -> tuple[PlanContent, str]:
    return replace(SMALL, throughput=number), "throughput"


@pytest.mark.parametrize("number", BAD)
@pytest.mark.parametrize("put", [_as_fee, _as_overage, _as_ratio, _as_other_ratio, _as_price_of_a_pack, _as_throughput])
def test_a_number_that_is_none_is_refused_wherever_it_stands(
    put: Callable[[Decimal], tuple[PlanContent, str]], number: str
) -> None:
    content, place = put(Decimal(number))
    (problem,) = problems_of(content)
    assert ".".join(problem.path) == place
    assert problem.code is (PRECISE if number in {"1e-400", "0." + "0" * 19 + "1"} else RANGE)


def test_what_the_examples_say_is_right() -> None:
    assert [problems_of(content) for content in ALL] == [[]] * len(ALL)
