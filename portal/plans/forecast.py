"""How a period's allowance will do, if all goes on at its pace so far. Pure."""

from dataclasses import dataclass
from datetime import datetime

from portal.plans.periods import Period


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the pace of a period leads to."""

    exhausted_at: datetime | None  # None: not in this period, or it is used up already
    at_period_end: int  # units, rounded down


def forecast(limit: int | None, committed: int, period: Period, *, now: datetime) -> Forecast | None:
    """Go on at the pace of so many units since the period's start; None where nothing has a pace yet."""
    elapsed, whole = now - period.start, period.end - period.start
    if committed <= 0 or not elapsed:
        return None
    at_end = committed * whole // elapsed
    is_ahead = limit is not None and committed < limit <= at_end
    return Forecast(period.start + elapsed * limit / committed if is_ahead and limit else None, at_end)
