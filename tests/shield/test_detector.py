"""What looks like fraud and what does not: the rules, by property."""

from decimal import Decimal
from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from portal.shield.areas import Area, TrafficKind, area_of
from portal.shield.detector import THRESHOLDS, PauseReason, Tally

SMS = THRESHOLDS[TrafficKind.SMS]
PREFIX, COUNTRY = Area("LV", "+3712000"), Area("LV", "")
PRICES = st.decimals("0.004", "2", places=3)


def _first_stop(tally: Tally, area: Area, numbers: list[int], *, stranger: bool) -> tuple[int, PauseReason] | None:
    """After how many an area is stopped, and why."""
    for count, number in enumerate(numbers, 1):
        tally.add(number, stranger=stranger)
        if (reason := tally.suspicion(area)) is not None:
            return count, reason
    return None


def _most(limit: Decimal | None, price: Decimal) -> int:
    assert limit is not None
    return max(SMS.least, ceil(limit / price))


@given(price=PRICES, start=st.integers(10**9, 10**11), step=st.sampled_from([1, -1]))
def test_numbers_in_a_row_are_stopped_once_they_would_cost_what_the_rule_says(
    price: Decimal, start: int, step: int
) -> None:
    most = min(_most(SMS.neighbours, price), _most(SMS.burst, price))
    numbers = [start + step * place for place in range(most + 5)]
    assert _first_stop(Tally(SMS, price), PREFIX, numbers, stranger=True) == (most, PauseReason.NEIGHBOURS)


@given(price=PRICES, seed=st.integers())
def test_the_order_in_which_numbers_of_a_block_come_helps_nobody(price: Decimal, seed: int) -> None:
    most = _most(SMS.burst, price)
    numbers = list(range(37120000000, 37120000000 + most))
    Random(seed).shuffle(numbers)
    stopped = _first_stop(Tally(SMS, price), PREFIX, numbers, stranger=True)
    assert stopped is not None
    assert stopped[0] <= most


@given(price=PRICES, count=st.integers(1, 3000))
def test_people_that_the_tenant_knows_are_never_too_many(price: Decimal, count: int) -> None:
    numbers = list(range(37120000000, 37120000000 + count))
    for area in (PREFIX, COUNTRY):
        assert _first_stop(Tally(SMS, price), area, numbers, stranger=False) is None


@given(count=st.integers(1, 3000))
def test_what_costs_nothing_cannot_be_pumped(count: int) -> None:
    numbers = list(range(37120000000, 37120000000 + count))
    assert _first_stop(Tally(SMS, Decimal(0)), PREFIX, numbers, stranger=True) is None


@given(price=PRICES, due=st.integers(0, 3000), answered=st.integers(0, 3000))
def test_silence_is_judged_by_its_share_and_by_what_it_cost(price: Decimal, due: int, answered: int) -> None:
    tally = Tally(SMS, price)
    tally.add_window(max(due, SMS.least), 0, ())
    tally.add_due(due, answered)
    assert SMS.unanswered is not None
    silent = due >= SMS.least and due * price >= SMS.unanswered and answered < SMS.answered_share * due
    assert tally.suspicion(PREFIX) is (PauseReason.UNANSWERED if silent else None)


@given(
    price=PRICES,
    numbers=st.lists(st.integers(37120000000, 37129999999), max_size=300, unique=True),
    cut=st.integers(0, 300),
)
def test_windows_that_were_kept_are_judged_as_if_all_came_at_once(price: Decimal, numbers: list[int], cut: int) -> None:
    whole, resumed = Tally(SMS, price), Tally(SMS, price)
    before, after = numbers[:cut], numbers[cut:]
    resumed.add_window(len(before), len(before), before)
    for number in numbers:
        whole.add(number, stranger=True)
    for number in after:
        resumed.add(number, stranger=True)
    assert resumed.suspicion(PREFIX) is whole.suspicion(PREFIX)


def test_a_country_is_judged_only_where_it_is_dear() -> None:
    numbers = [37120000000 + 1000 * place for place in range(2000)]
    assert _first_stop(Tally(SMS, Decimal("0.1199")), COUNTRY, numbers, stranger=True) is None
    assert _first_stop(Tally(SMS, Decimal("0.12")), COUNTRY, numbers, stranger=True) == (500, PauseReason.COUNTRY)


def test_forwarded_calls_are_judged_by_where_they_go_however_few_numbers_that_are() -> None:
    limits = THRESHOLDS[TrafficKind.FORWARD]
    to_one = [37120000000] * 100
    assert _first_stop(Tally(limits, Decimal(1)), PREFIX, to_one, stranger=False) == (12, PauseReason.VELOCITY)


def test_an_area_is_the_numbers_that_begin_alike_in_their_country() -> None:
    assert area_of("+12025550143") == Area("US", "+1202555")
    assert area_of("+12025550143", "US").whole_country == Area("US", "")
    assert area_of("12345") == Area("", "12345")
