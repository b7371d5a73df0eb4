"""The laws of what a difference means, for any two sides of a day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reconciliation.rules import (
    FEW,
    PRICED_WITHIN,
    SETTLING,
    Compared,
    DiscrepancyReason,
    Ours,
    Theirs,
    judge,
    unexplained,
)

DAY = date(2026, 11, 5)
END = datetime(2026, 11, 6, tzinfo=UTC)
SETTLED = END + SETTLING
EACH = Decimal("0.0079")
counts = st.integers(0, 5_000)
reasons = DiscrepancyReason


def compared(
    ours: tuple[int, int],
    theirs: tuple[int, int],
    *,
    price: Decimal | None = None,
    failed: int = 0,
    category: str = "sms-outbound",
    as_of: datetime = SETTLED,
) -> Compared:
    """Two sides of a day, each of so many messages and segments; theirs at the rate card's price unless told."""
    asked = EACH * theirs[1] if price is None else price
    cost = EACH * ours[1] if category.endswith("outbound") and not category.startswith("calls") else None
    their_side = Theirs(as_of, Decimal(theirs[0]), Decimal(theirs[1]), asked)
    return Compared(DAY, category, Ours(*ours, cost), their_side, Decimal(failed))


@st.composite
def sides(draw: st.DrawFn) -> tuple[int, int]:
    """Messages, and their segments: each has one at least."""
    count = draw(counts)
    return count, count + (draw(st.integers(0, 3 * count)) if count else 0)


@given(sides(), st.datetimes(datetime(2026, 11, 5), datetime(2026, 12, 1), timezones=st.just(UTC)))  # noqa: DTZ001  hypothesis adds the zone
def test_what_agrees_is_no_difference_however_early_it_is_looked_at(side: tuple[int, int], as_of: datetime) -> None:
    assert judge(compared(side, side, as_of=as_of)) is None


@given(sides(), sides(), counts, st.timedeltas(timedelta(hours=-24), SETTLING - timedelta(seconds=1)))
def test_nothing_is_unknown_before_the_provider_s_count_is_settled(
    ours: tuple[int, int], theirs: tuple[int, int], failed: int, past: timedelta
) -> None:
    one = compared(ours, theirs, failed=failed, as_of=END + past)
    assert judge(one) in {None, reasons.LATE}


@given(sides(), sides(), counts)
def test_once_what_is_unexplained_is_corrected_nothing_is_unknown_and_nothing_is_left_to_correct(
    ours: tuple[int, int], theirs: tuple[int, int], failed: int
) -> None:
    one = compared(ours, theirs, failed=failed)
    wanted = unexplained(one) if judge(one) is reasons.UNKNOWN else None
    if wanted is None:
        return
    cost = (one.ours.cost or Decimal(0)) + wanted.cost
    corrected = Ours(ours[0] + wanted.count, ours[1] + wanted.segments, cost)
    again = Compared(DAY, one.category, corrected, one.theirs, one.failed)
    assert min(corrected.count, corrected.usage) >= 0
    assert cost >= 0
    assert judge(again) is not reasons.UNKNOWN
    assert not again.more or again.more + again.failed == 0
    assert unexplained(again) is None


@given(sides(), sides(), counts)
def test_a_correction_goes_towards_the_provider_s_count_and_never_beyond(
    ours: tuple[int, int], theirs: tuple[int, int], failed: int
) -> None:
    one = compared(ours, theirs, failed=failed)
    wanted = unexplained(one)
    if wanted is not None:
        assert 0 < wanted.count / one.more <= 1
        assert abs(wanted.segments) >= abs(wanted.count)
        assert wanted.count * wanted.cost >= 0


@given(counts, counts)
def test_fees_for_messages_that_failed_explain_as_many_as_they_are(sent: int, failed: int) -> None:
    whole = compared((sent + failed, sent + failed), (sent, sent), failed=failed)
    assert judge(whole) is (reasons.PROCESSING_FEE if failed else None)
    more = compared((sent + failed + 1, sent + failed + 1), (sent, sent), failed=failed)
    assert judge(more) is reasons.UNKNOWN


@given(st.integers(1, 5_000), st.decimals("-0.9", "9", places=3))
def test_a_price_that_is_further_off_is_never_better_explained(count: int, off: Decimal) -> None:
    order = [None, reasons.ROUNDING, reasons.PRICED_OTHERWISE, reasons.UNKNOWN]

    def at(factor: Decimal) -> int:
        return order.index(judge(compared((count, count), (count, count), price=EACH * count * (1 + factor))))

    assert at(Decimal(0)) == 0
    assert at(off / 2) <= at(off)
    assert (at(off) == 3) <= (abs(off) > PRICED_WITHIN)


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_who_counts_segments_as_messages_counts_the_same(count: int, more: int) -> None:
    one = compared((count, count + more), (count + more, count + more))
    assert judge(one) is reasons.COUNTED_OTHERWISE


def test_a_message_that_was_sent_outside_is_not_taken_for_a_segment() -> None:
    # Ten messages of twelve segments here; there the same and two more of one segment.
    assert judge(compared((10, 12), (12, 14))) is reasons.UNKNOWN


@pytest.mark.parametrize(
    ("category", "ours", "theirs", "reason"),
    [
        ("calls-inbound", (3, 7), (3, 7), None),
        ("calls-inbound", (3, 7), (4, 7), reasons.COUNTED_OTHERWISE),  # a leg that took no minute
        ("calls-outbound", (3, 7), (5, 11), reasons.COUNTED_OTHERWISE),
        ("calls-outbound", (3, 7), (2, 7), reasons.COUNTED_OTHERWISE),
        ("calls-outbound", (3, 7), (2, 5), reasons.UNKNOWN),
        ("sms-inbound", (3, 3), (3, 3), None),
        ("sms-inbound", (3, 3), (2, 2), reasons.UNKNOWN),
    ],
)
def test_calls_are_counted_by_legs_there(
    category: str, ours: tuple[int, int], theirs: tuple[int, int], reason: DiscrepancyReason | None
) -> None:
    one = compared(ours, theirs, category=category)
    assert judge(one) is reason
    assert unexplained(one) is None  # what is not a message sent is charged by the provider's own count


def test_what_came_in_at_midnight_is_on_one_day_here_and_on_the_next_there() -> None:
    one = compared((5, 5), (4, 4), category="sms-inbound")
    assert judge(one, compared((5, 5), (6, 6), category="sms-inbound")) is reasons.COUNTED_OTHERWISE
    assert judge(one, compared((5, 5), (7, 7), category="sms-inbound")) is reasons.UNKNOWN


def test_no_more_than_a_few_or_a_tenth_is_taken_off_without_a_person() -> None:
    assert unexplained(compared((20, 20), (20 - FEW, 10))) is not None
    assert unexplained(compared((20, 20), (19 - FEW, 9))) is None
    assert unexplained(compared((2, 2), (1, 1))) is not None
    assert unexplained(compared((2, 2), (0, 0))) is None
    assert unexplained(compared((1_000, 1_000), (900, 900))) is not None
    assert unexplained(compared((1_000, 1_000), (899, 899))) is None


def test_segments_that_differ_explain_a_price_that_goes_by_them_and_no_other() -> None:
    assert judge(compared((100, 100), (100, 200))) is reasons.COUNTED_OTHERWISE
    assert judge(compared((100, 100), (100, 200), price=EACH * 400)) is reasons.UNKNOWN
