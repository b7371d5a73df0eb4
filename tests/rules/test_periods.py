"""Periods: UTC days and months that leave no gap, share no instant and know no summer time."""

import calendar
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.plans.periods import AllowancePeriod, Period, period_at

ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati", "Asia/Kathmandu"])
INSTANTS = st.datetimes(datetime(1971, 1, 2), datetime(2199, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
TICK = timedelta(microseconds=1)


@given(INSTANTS, st.sampled_from(AllowancePeriod))
def test_each_instant_lies_in_exactly_one_period(instant: datetime, per: AllowancePeriod) -> None:
    period = period_at(per, instant)
    assert period.start <= instant < period.end
    assert period_at(per, period.start) == period
    assert period_at(per, period.end - TICK) == period
    following = period_at(per, period.end)
    assert following.start == period.end
    assert period_at(per, period.start - TICK).end == period.start


@given(INSTANTS, ZONES, st.sampled_from(AllowancePeriod))
def test_the_zone_that_an_instant_is_written_in_changes_nothing(
    instant: datetime, zone: str, per: AllowancePeriod
) -> None:
    assert period_at(per, instant.astimezone(ZoneInfo(zone))) == period_at(per, instant)


@given(INSTANTS)
def test_a_day_has_24_hours_and_a_month_its_days(instant: datetime) -> None:
    day, month = period_at(AllowancePeriod.DAY, instant), period_at(AllowancePeriod.MONTH, instant)
    assert day.end - day.start == timedelta(days=1)
    assert (month.end - month.start).days == calendar.monthrange(instant.year, instant.month)[1]
    assert month.start == datetime(instant.year, instant.month, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "start", "end"),
    [
        ("2026-03-29T01:30:00+01:00", "2026-03-29", "2026-03-30"),  # Europe's clocks go forward
        ("2026-11-01T01:30:00-04:00", "2026-11-01", "2026-11-02"),  # America's go back
        ("2026-12-31T23:59:59.999999+00:00", "2026-12-31", "2027-01-01"),
        ("2027-01-01T05:00:00+14:00", "2026-12-31", "2027-01-01"),
    ],
)
def test_days_are_cut_at_midnight_utc(instant: str, start: str, end: str) -> None:
    period = period_at(AllowancePeriod.DAY, datetime.fromisoformat(instant))
    assert period == Period(datetime.fromisoformat(f"{start}T00:00Z"), datetime.fromisoformat(f"{end}T00:00Z"))


@pytest.mark.parametrize(
    ("instant", "days"), [("2028-02-29T12:00Z", 29), ("2026-02-28T23:59Z", 28), ("2100-02-01T00:00Z", 28)]
)
def test_february_is_as_long_as_its_year_makes_it(instant: str, days: int) -> None:
    period = period_at(AllowancePeriod.MONTH, datetime.fromisoformat(instant))
    assert (period.end - period.start).days == days


def test_a_plain_offset_will_do() -> None:
    instant = datetime(2026, 5, 31, 22, tzinfo=timezone(timedelta(hours=-3)))
    assert period_at(AllowancePeriod.MONTH, instant).start == datetime(2026, 6, 1, tzinfo=UTC)
