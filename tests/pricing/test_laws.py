"""The laws of money and of prices, for any amounts, brackets and usage."""

from decimal import Decimal
from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from portal.money.money import EXACT, Money, minor_unit, round_to_minor, total
from portal.plans.periods import AllowancePeriod
from portal.pricing.bands import Bounds, split
from portal.pricing.comparing import MonthlyUse, break_even, monthly_price
from portal.pricing.strategies import BandUsage, at_ratio, strategy_of
from portal.pricing.terms import AtLimit, MarginBracket, MarginKind, PlanTerms, PricingStrategy

CENTS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
COSTS = st.decimals(min_value=0, max_value=10**6, places=6)
RATIOS = st.decimals(min_value=0, max_value=Decimal("0.9"), places=4)
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
UNITS = st.integers(min_value=0, max_value=5_000)
BOUNDS: st.SearchStrategy[Bounds] = st.lists(st.integers(1, 1_000), max_size=4, unique=True).map(
    lambda ends: (*sorted(ends), None)
)
NEARLY = Decimal("1E-40")  # what a division leaves at sixty digits


@st.composite
def terms(draw: st.DrawFn) -> PlanTerms:
    """Any plan's terms."""
    strategy = draw(st.sampled_from(list(PricingStrategy)))
    if strategy in {PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN}:
        bounds = (None,) if strategy is PricingStrategy.FIXED_MARGIN else draw(BOUNDS)
        brackets = tuple(MarginBracket(bound, draw(RATIOS)) for bound in bounds)
        kind = draw(st.sampled_from(list(MarginKind)))
        return PlanTerms(strategy, "USD", margin_kind=kind, brackets=brackets)
    overage = draw(COSTS) if strategy is PricingStrategy.TIER_WITH_OVERAGE else None
    at_limit = AtLimit.OVERAGE if overage is not None else AtLimit.STOP
    amount = draw(st.integers(0, 1_000))
    return PlanTerms(strategy, "USD", fee=draw(COSTS), amount=amount, at_limit=at_limit, overage=overage)


def priced(plan: PlanTerms, before: int, units: int, unit_cost: Decimal) -> list[Decimal]:
    """The price of each part of so many units behind the first ones."""
    strategy = strategy_of(plan)
    return [
        strategy.price(BandUsage(part.band, part.units, part.units, unit_cost * part.units)).amount
        for part in split(strategy.bounds, before, units)
    ]


def summed(amounts: list[Decimal]) -> Decimal:
    """The exact sum."""
    return total("USD", amounts).amount


def close(one: Decimal, other: Decimal) -> bool:
    """Whether two amounts are one but for the digits behind the fortieth."""
    return abs(EXACT.subtract(one, other)) <= NEARLY


@given(CENTS, CURRENCIES)
def test_rounding_twice_is_rounding_once_and_moves_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    rounded = round_to_minor(amount, currency)
    assert round_to_minor(rounded, currency) == rounded
    assert rounded % minor_unit(currency) == 0
    assert abs(rounded - amount) * 2 <= minor_unit(currency)


@given(CENTS, CURRENCIES)
def test_a_credit_mirrors_what_it_credits(amount: Decimal, currency: str) -> None:
    assert round_to_minor(-amount, currency) == -round_to_minor(amount, currency)
    assert not str(round_to_minor(amount * 0, currency)).startswith("-")


@given(CENTS, CENTS, CURRENCIES)
def test_a_greater_amount_is_never_rounded_below_a_smaller_one(one: Decimal, other: Decimal, currency: str) -> None:
    low, high = sorted((one, other))
    assert round_to_minor(low, currency) <= round_to_minor(high, currency)


@given(CENTS, CENTS, CENTS)
def test_money_adds_up_in_any_order_and_takes_away_what_it_added(one: Decimal, two: Decimal, three: Decimal) -> None:
    a, b, c = (Money(amount, "USD") for amount in (one, two, three))
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + b - b == a
    assert a + -a == Money(Decimal(0), "USD")


@given(st.lists(CENTS, max_size=30), CURRENCIES)
def test_a_total_is_the_sum_of_its_rounded_lines(lines: list[Decimal], currency: str) -> None:
    rounded = [round_to_minor(line, currency) for line in lines]
    assert total(currency, rounded) == Money(sum(rounded, Decimal(0)), currency)
    assert total(currency, rounded) == total(currency, reversed(rounded)) == total(currency, rounded).rounded()


@given(BOUNDS, UNITS, UNITS)
def test_a_split_loses_no_unit_and_names_each_band_once_in_order(bounds: Bounds, before: int, units: int) -> None:
    parts = split(bounds, before, units)
    assert sum(part.units for part in parts) == units
    assert all(part.units > 0 for part in parts)
    assert all(low.band < high.band for low, high in pairwise(parts))


@given(BOUNDS, UNITS, st.integers(0, 200))
def test_every_ordinal_lies_in_the_first_band_that_reaches_it(bounds: Bounds, before: int, units: int) -> None:
    bands = [part.band for part in split(bounds, before, units) for _ in range(part.units)]
    ordinals = range(before + 1, before + units + 1)
    expected = [next(band for band, bound in enumerate(bounds) if bound is None or one <= bound) for one in ordinals]
    assert bands == expected


@given(terms(), UNITS, UNITS, COSTS)
def test_no_price_is_negative(plan: PlanTerms, before: int, units: int, cost: Decimal) -> None:
    assert all(amount >= 0 for amount in priced(plan, before, units, cost))


@given(terms(), UNITS, UNITS, UNITS, COSTS)
def test_brackets_add_up_however_a_month_is_cut(
    plan: PlanTerms, before: int, one: int, other: int, cost: Decimal
) -> None:
    whole = summed(priced(plan, before, one + other, cost))
    cut = summed(priced(plan, before, one, cost) + priced(plan, before + one, other, cost))
    assert close(whole, cut)


@given(terms(), UNITS, UNITS, UNITS, COSTS, COSTS)
def test_more_usage_or_a_higher_cost_never_lowers_a_price(
    plan: PlanTerms, before: int, units: int, more: int, cost: Decimal, dearer: Decimal
) -> None:
    price = summed(priced(plan, before, units, cost))
    least = EXACT.subtract(price, NEARLY)
    assert summed(priced(plan, before, units + more, cost)) >= least
    assert summed(priced(plan, before, units, cost + dearer)) >= least


@given(terms(), st.lists(st.integers(0, 300), min_size=1, max_size=4), COSTS)
def test_the_order_of_debits_of_equal_cost_does_not_matter(plan: PlanTerms, debits: list[int], cost: Decimal) -> None:
    sums = []
    for order in permutations(debits):
        place, amount = 0, Decimal(0)
        for units in order:
            amount = summed([amount, *priced(plan, place, units, cost)])
            place += units
        sums.append(amount)
    assert all(close(one, sums[0]) for one in sums)


@given(UNITS, UNITS, BOUNDS)
def test_what_is_given_back_leaves_the_bands_as_if_it_had_never_been_reserved(
    before: int, units: int, bounds: Bounds
) -> None:
    reserved = before + units
    given_back = reserved - units
    assert split(bounds, given_back, units) == split(bounds, before, units)


@given(COSTS, RATIOS)
def test_a_margin_is_never_less_than_the_markup_of_the_same_ratio(cost: Decimal, ratio: Decimal) -> None:
    margin, markup = (at_ratio(cost, ratio, kind) for kind in (MarginKind.MARGIN, MarginKind.MARKUP))
    assert margin >= markup >= cost
    assert close(margin * (1 - ratio), cost)


@given(terms(), COSTS)
def test_an_explanation_ends_with_the_amount_and_the_tenant_s_never_tells_the_cost(
    plan: PlanTerms, cost: Decimal
) -> None:
    for band, _ in enumerate(strategy_of(plan).bounds):
        found = strategy_of(plan).price(BandUsage(band, 7, 9, cost))
        assert "Cost" in {step.label for step in found.operator_steps}
        assert not {"Cost", "Margin", "Markup"} & {step.label for step in found.steps}


@given(terms(), terms(), st.integers(1, 5_000))
def test_before_they_meet_the_one_is_dearer_and_there_it_is_no_more(
    one: PlanTerms, other: PlanTerms, cents: int
) -> None:
    use = MonthlyUse(Decimal(0), cost_per_message=Decimal(cents) / 1000)

    def difference(messages: int) -> Decimal:
        at = MonthlyUse(Decimal(messages), cost_per_message=use.cost_per_message)
        return monthly_price(other, at) - monthly_price(one, at)

    met = break_even(one, other, use)
    if met is not None:
        assert met > 0
        assert difference(met) * difference(met - 1) <= NEARLY


@given(st.integers(1, 500), COSTS)
def test_a_daily_allowance_is_thirty_of_them_in_a_month(amount: int, fee: Decimal) -> None:
    daily = PlanTerms(
        PricingStrategy.TIER_WITH_OVERAGE,
        "USD",
        fee=fee,
        amount=amount,
        per=AllowancePeriod.DAY,
        at_limit=AtLimit.OVERAGE,
        overage=Decimal(1),
    )
    assert monthly_price(daily, MonthlyUse(Decimal(amount * 30))) == fee
    assert monthly_price(daily, MonthlyUse(Decimal(amount * 30 + 1))) == fee + 1
