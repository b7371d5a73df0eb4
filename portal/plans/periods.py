"""The periods that allowances and usage are counted in: UTC, half-open. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class AllowancePeriod(StrEnum):
    """How often an allowance begins anew."""

    DAY = "DAY"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until just before `end`."""

    start: datetime
    end: datetime


def period_at(per: AllowancePeriod, instant: datetime) -> Period:
    """The day or month, in UTC, that this instant lies in."""
    day = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if per is AllowancePeriod.DAY:
        return Period(day, day + timedelta(days=1))
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1))
