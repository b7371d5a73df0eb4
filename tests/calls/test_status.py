"""The order of a call's statuses: whatever order reports come in, however often, the end is the same."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calls.status import CallStanding, CallStatus, rank, started_minutes

BEGIN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
INSTANTS = st.integers(0, 10_000).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
REPORTS = st.builds(
    CallStanding, st.sampled_from(CallStatus), INSTANTS, st.none() | INSTANTS, st.none() | st.integers(0, 10_000)
)
# What Twilio reports of one call; "initiated" there is QUEUED here.
TWILIO = (
    (CallStatus.QUEUED, CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED),
    (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.NO_ANSWER),
    (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.BUSY),
    (CallStatus.QUEUED, CallStatus.FAILED),
    (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.CANCELED),
    (CallStatus.RINGING, CallStatus.COMPLETED),
)


def after(reports: list[CallStanding]) -> CallStanding:
    return reduce(CallStanding.after, reports)


@given(st.lists(REPORTS, min_size=1, max_size=8), st.data())
def test_any_order_and_any_repetition_ends_the_same(reports: list[CallStanding], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(reports))
    repeated = [*shuffled, *data.draw(st.lists(st.sampled_from(reports), max_size=8))]
    assert after(repeated) == after(reports)


@given(st.lists(REPORTS, min_size=1, max_size=8))
def test_a_status_never_moves_back_and_what_is_known_is_never_forgotten(reports: list[CallStanding]) -> None:
    standing = reports[0]
    for report in reports:
        later = standing.after(report)
        assert rank(later.status) >= rank(standing.status)
        assert later.started_at is not None or standing.started_at is None
        assert later.duration_seconds is not None or standing.duration_seconds is None
        standing = later


@pytest.mark.parametrize("statuses", TWILIO)
def test_what_twilio_reports_of_one_call_ends_in_its_last_status(statuses: tuple[CallStatus, ...]) -> None:
    reports = [CallStanding(status, BEGIN + timedelta(seconds=place)) for place, status in enumerate(statuses)]
    for order in permutations(reports):
        assert after(list(order)) == reports[-1]


def test_each_status_has_a_place_of_its_own() -> None:
    assert len({rank(status) for status in CallStatus}) == len(CallStatus)


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (59, 1), (60, 1), (61, 2), (120, 2), (3_601, 61)])
def test_a_minute_counts_once_it_is_begun(seconds: int, minutes: int) -> None:
    assert started_minutes(seconds) == minutes
