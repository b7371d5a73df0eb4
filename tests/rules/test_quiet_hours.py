"""When a message may come: by the clocks where the number is, whatever is done to them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.contacts.preferences import QuietHours
from portal.messages.quiet_hours import Quiet, QuietTimes, next_allowed, zones_of

MINUTE = timedelta(minutes=1)
ZONES = ("America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC")
CLOCKS = st.times(max_value=time(23, 59)).map(lambda clock: clock.replace(second=0, microsecond=0))
QUIET = st.builds(Quiet, st.builds(QuietHours, CLOCKS, CLOCKS), st.sampled_from(ZONES).map(ZoneInfo))
# Around the days of 2026 on which New York and Lord Howe, which moves by half an hour, change their clocks.
CHANGES = ("2026-03-08T07:00", "2026-11-01T06:00", "2026-04-04T15:00", "2026-10-03T15:30")
INSTANTS = st.builds(
    lambda change, minutes: datetime.fromisoformat(change).replace(tzinfo=UTC) + MINUTE * minutes,
    st.sampled_from(CHANGES),
    st.integers(-1_500, 1_500),
)


def _is_quiet(at: datetime, quiet: Quiet) -> bool:
    """By another way: counted on from the beginning, whether fewer minutes have passed than the silence is long."""
    clock, (begin, end) = at.astimezone(quiet.zone).time(), quiet.hours
    length = (end.hour * 60 + end.minute - begin.hour * 60 - begin.minute) % 1440 or 1440
    return (clock.hour * 60 + clock.minute - begin.hour * 60 - begin.minute) % 1440 < length


@given(INSTANTS, st.lists(QUIET, max_size=3))
@example(datetime(2026, 3, 8, 6, tzinfo=UTC), [Quiet(QuietHours(time(22), time(2, 30)), ZoneInfo(ZONES[0]))])
@example(datetime(2026, 11, 1, 5, 45, tzinfo=UTC), [Quiet(QuietHours(time(22), time(1, 30)), ZoneInfo(ZONES[0]))])
def test_it_is_the_first_minute_that_is_quiet_nowhere(at: datetime, quiet: list[Quiet]) -> None:
    allowed = next_allowed(at, quiet)
    minutes = (at + MINUTE * passed for passed in range(2 * 1440))
    assert allowed == next((minute for minute in minutes if not any(_is_quiet(minute, one) for one in quiet)), None)


@pytest.mark.parametrize(
    ("end", "at", "allowed"),
    [
        (time(2, 30), "2026-03-08T06:00:07+00:00", "2026-03-08T07:00:00+00:00"),  # the clock leaps from 2 to 3
        (time(1, 30), "2026-11-01T04:00:07+00:00", "2026-11-01T05:30:00+00:00"),  # the first half past one of two
        (time(1, 30), "2026-11-01T06:00:07+00:00", "2026-11-01T06:30:00+00:00"),  # and the second
    ],
)
def test_where_the_clock_is_changed_silence_ends_when_the_clock_has_passed_its_end(
    end: time, at: str, allowed: str
) -> None:
    quiet = [Quiet(QuietHours(time(22), end), ZoneInfo("America/New_York"))]
    assert next_allowed(datetime.fromisoformat(at), quiet) == datetime.fromisoformat(allowed)


NIGHT = QuietHours(time(21), time(8))


def test_a_number_is_reached_when_it_is_quiet_in_none_of_its_zones_and_by_the_tenant_s_clock_where_it_tells_none() -> (
    None
):
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    times = QuietTimes(NIGHT, "Europe/Berlin")
    assert times.next_allowed("+14155550123", None, noon) == datetime(2026, 7, 1, 15, tzinfo=UTC)  # 8 in California
    assert zones_of("+870773111632") == ()
    assert times.next_allowed("+870773111632", None, noon) == noon  # a satellite's: 14 in Berlin
    lunch = QuietHours(time(8), time(13))
    assert len(zones_of("+18005550123")) > 20
    assert times.next_allowed("+18005550123", lunch, noon) is None  # it is somewhere, from Guam to Newfoundland
    assert times.next_allowed("+14155550123", lunch, noon) == datetime(2026, 7, 1, 20, tzinfo=UTC)
    assert QuietTimes(None, "UTC").next_allowed("+18005550123", None, noon) == noon
