"""The pace of messages: buckets that are exact, caps of a day, and turns that nobody overtakes in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messages.pace import (
    Bucket,
    Chosen,
    SenderPace,
    Waiting,
    choose,
    longest_pause,
    most_at_once,
    rate_of,
    time_to_send,
)

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
RATES = st.decimals(Decimal("0.001"), Decimal(10_000), places=3)
PASSED = st.timedeltas(timedelta(), timedelta(hours=30))
MICROSECOND = timedelta(microseconds=1)


def _seconds(passed: timedelta) -> Decimal:
    return Decimal(passed // MICROSECOND) / 1_000_000


@dataclass(frozen=True)
class Ask:
    """A wish for so many tokens, so long after the one before."""

    after: timedelta
    cost: int


ASKS = st.lists(st.builds(Ask, PASSED | st.timedeltas(timedelta(), timedelta(seconds=2)), st.integers(1, 24)))


@given(RATES, ASKS)
def test_what_leaves_is_what_the_rate_brings_a_second_more_and_what_the_last_owes(
    rate: Decimal, asks: list[Ask]
) -> None:
    bucket, now, left = Bucket.full(rate, START), START, []
    for ask in asks:
        now += ask.after
        if bucket.allows(ask.cost, now):
            bucket = bucket.take(ask.cost, now)
            left.append((now, ask.cost))
    for first, (begin, _) in enumerate(left):
        taken = 0
        for until, cost in left[first:]:
            assert taken + min(Decimal(cost), bucket.capacity) <= bucket.capacity + rate * _seconds(until - begin)
            taken += cost


@given(RATES, ASKS, st.integers(1, 24))
def test_ready_is_the_first_microsecond_that_allows_it(rate: Decimal, asks: list[Ask], cost: int) -> None:
    bucket, now = Bucket.full(rate, START), START
    for ask in asks:
        now += ask.after
        bucket = bucket.take(ask.cost, now) if bucket.allows(ask.cost, now) else bucket
    ready = bucket.ready_at(cost, now)
    assert bucket.allows(cost, ready)
    assert ready == now or not bucket.allows(cost, ready - MICROSECOND)


@given(RATES, st.lists(st.integers(1, 5), min_size=1, max_size=50))
def test_looking_often_brings_as_much_as_looking_once(rate: Decimal, steps: list[int]) -> None:
    often = Bucket(rate, Decimal(0), START)
    for step in steps:
        often = often.take(0, often.at + step * MICROSECOND)
    once = Bucket(rate, Decimal(0), START).take(0, START + sum(steps) * MICROSECOND)
    assert often == once
    assert often.level(often.at - timedelta(hours=1)) == often.tokens  # a clock that goes back takes nothing


@given(st.integers(1, 30), st.lists(st.tuples(PASSED, st.integers(1, 12)), max_size=30))
def test_a_day_has_no_more_segments_than_its_cap_and_the_next_day_begins_anew(
    cap: int, asks: list[tuple[timedelta, int]]
) -> None:
    pace, now, days = SenderPace(Bucket.full(Decimal(1000), START), cap, START.date(), 0), START, dict[date, int]()
    for after, segments in asks:
        now += after
        if pace.allows(segments, now):
            pace = pace.take(segments, now)
            days[now.date()] = days.get(now.date(), 0) + segments
        else:
            ready = pace.ready_at(segments, now)
            assert ready == datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
            assert pace.allows(segments, ready) is (segments <= cap)
    assert all(sent <= cap for sent in days.values())


WAITING = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 10)), max_size=40).map(
    lambda asked: [Waiting(UUID(int=place), *one, START) for place, one in enumerate(asked)]
)


@given(WAITING, RATES, st.fixed_dictionaries(dict.fromkeys("abc", RATES)), st.integers(0, 50))
def test_nobody_overtakes_at_a_sender_and_whoever_is_held_back_knows_till_when(
    waiting: list[Waiting], rate: Decimal, rates: dict[str, Decimal], at_most: int
) -> None:
    senders = {name: SenderPace(Bucket.full(one, START), None, START.date(), 0) for name, one in rates.items()}
    chosen = choose(waiting, Bucket.full(rate, START), senders, at_most, START)
    assert len(chosen.messages) <= at_most
    assert chosen.tenant.tokens >= 0
    for name in senders:
        own = [one for one in waiting if one.sender == name]
        left = [one for one in chosen.messages if one.sender == name]
        assert left == own[: len(left)]
        assert len(left) < len(own) or name not in chosen.senders_ready_at
    assert (chosen.tenant.capacity - chosen.tenant.tokens) == len(chosen.messages)
    if len(chosen.messages) < min(len(waiting), at_most):
        assert _again(chosen) > START
    else:
        assert len(chosen.messages) in {len(waiting), at_most}


def _again(chosen: Chosen) -> datetime:
    return min(at for at in (chosen.tenant_ready_at, *chosen.senders_ready_at.values()) if at is not None)


def test_what_costs_more_than_a_second_brings_leaves_when_the_bucket_is_full_and_is_owed() -> None:
    bucket = Bucket.full(Decimal(1), START).take(4, START)
    assert bucket.tokens == -3
    assert bucket.ready_at(4, START) == START + timedelta(seconds=4)


@pytest.mark.parametrize(
    ("number", "configured", "rate"),
    [
        ("+12025550100", None, 1),
        ("+18005550100", None, 3),
        ("72345", None, 100),
        ("+12025550100", Decimal(75), 75),
    ],
)
def test_a_number_sends_as_fast_as_its_kind_may_or_as_it_is_registered_for(
    number: str, configured: Decimal | None, rate: int
) -> None:
    assert rate_of(number, configured) == rate


def test_an_account_that_is_refused_again_and_again_pauses_longer_and_comes_slower() -> None:
    assert [longest_pause(times).total_seconds() for times in (1, 2, 3, 8, 9, 500)] == [2, 4, 8, 256, 300, 300]
    assert [most_at_once(32, times) for times in (0, 1, 2, 5, 6, 500)] == [32, 16, 8, 1, 1, 1]


def test_how_long_sending_takes_is_told_from_a_full_bucket_on() -> None:
    assert time_to_send(1, Decimal(1)) == timedelta()
    assert time_to_send(61, Decimal(1)) == timedelta(minutes=1)
    assert time_to_send(10_000, Decimal(100)) == timedelta(seconds=99)
    assert time_to_send(3, Decimal("0.5")) == timedelta(seconds=4)
