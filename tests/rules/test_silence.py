"""When a silent message is asked about: later and later, for the last time after four days, and never again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.messages.silence import FIRST_PAUSE, GIVEN_UP_AFTER, next_question

HANDED_OVER = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
AGES = st.timedeltas(timedelta(), GIVEN_UP_AFTER * 2)


@given(st.integers(0, 100), AGES)
def test_the_next_question_is_later_than_now_and_never_after_the_last_day(asked: int, age: timedelta) -> None:
    now = HANDED_OVER + age
    due = next_question(asked, handed_over_at=HANDED_OVER, now=now)
    if age >= GIVEN_UP_AFTER:
        assert due is None
    else:
        assert due is not None
        assert now < due <= HANDED_OVER + GIVEN_UP_AFTER


@given(st.integers(0, 9))
def test_each_pause_is_twice_the_one_before(asked: int) -> None:
    due = next_question(asked, handed_over_at=HANDED_OVER, now=HANDED_OVER)
    assert due == HANDED_OVER + FIRST_PAUSE * 2**asked
