"""Which days a report of usage is about, and how they are cut: UTC, half-open. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.plans.proration import next_month
from portal.problems import refuse

BEFORE_ANY = date(2000, 1, 1)
LONGEST = 3_660  # days
LONGEST_OF_ALL = 36_600  # days from `BEFORE_ANY` on: nobody has the days until the end of the calendar worked out
MOST_DAYS = 731  # that a report is cut into
_DAY = timedelta(days=1)


class UsagePeriod(StrEnum):
    """A period that is usual to ask for, in UTC."""

    ALL_TIME = "ALL_TIME"
    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"
    THIS_YEAR = "THIS_YEAR"


class UsageBucketSize(StrEnum):
    """How finely a report is cut."""

    WHOLE = "WHOLE"
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class UsageRangeProblem(StrEnum):
    """Why there is no report of what was asked for."""

    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Days:
    """From the day `first` until just before the day `until`."""

    first: date
    until: date

    @property
    def count(self) -> int:
        """How many days."""
        return (self.until - self.first).days


def days_of(period: UsagePeriod, today: date) -> Days:
    """The days of a period; all time ends with today."""
    month = today.replace(day=1)
    return {
        UsagePeriod.ALL_TIME: Days(BEFORE_ANY, today + _DAY),
        UsagePeriod.TODAY: Days(today, today + _DAY),
        UsagePeriod.YESTERDAY: Days(today - _DAY, today),
        UsagePeriod.THIS_MONTH: Days(month, next_month(month)),
        UsagePeriod.LAST_MONTH: Days((month - _DAY).replace(day=1), month),
        UsagePeriod.THIS_YEAR: Days(date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    }[period]


def checked(days: Days, size: UsageBucketSize) -> Days:
    """The days, which can be reported in this size.

    Raises:
        RefusedError: they end before they begin, are too many, or are cut into too many.
    """
    if days.first >= days.until:
        message = f"The range has to end after it begins: `until`, {days.until}, is the first day that is not in it."
        raise refuse(UsageRangeProblem.INVALID, message, "range")
    if days.first < BEFORE_ANY:
        raise refuse(UsageRangeProblem.INVALID, f"There is no usage before {BEFORE_ANY}.", "range", "from")
    if size is UsageBucketSize.DAY and days.count > MOST_DAYS:
        message = f"A report is cut into {MOST_DAYS} days at most: ask for fewer days, or for buckets of a month."
        raise refuse(UsageRangeProblem.INVALID, message, "bucketSize")
    if days.count > (LONGEST if days.first > BEFORE_ANY else LONGEST_OF_ALL):
        message = f"A range has at most {LONGEST:,} days; all of them are there as the period ALL_TIME."
        raise refuse(UsageRangeProblem.INVALID, message, "range")
    return days


def cut(days: Days, size: UsageBucketSize, today: date) -> list[Days]:
    """The parts of this size, in their order; those that begin after today are left out."""
    return [days] if size is UsageBucketSize.WHOLE else list(_parts(days, size, today))


def _parts(days: Days, size: UsageBucketSize, today: date) -> Iterator[Days]:
    first = days.first
    while first < days.until and first <= today:
        ends = {
            UsageBucketSize.DAY: first + _DAY,
            UsageBucketSize.MONTH: next_month(first),
            UsageBucketSize.YEAR: date(first.year + 1, 1, 1),
        }[size]
        yield Days(first, min(ends, days.until))
        first = ends
