"""Which change of plan is an upgrade, and from when on a change holds. Pure."""

from datetime import datetime, timedelta
from decimal import Decimal

from portal.plans.periods import AllowancePeriod, period_at
from portal.pricing.terms import PlanPeriod, PlanTerms

LONGEST_MONTH = 31
_MONTHS = 12
_PREVIEW_HOLDS = timedelta(minutes=15)


def yearly_fee(terms: PlanTerms) -> Decimal:
    """What the plan's fee comes to in a year: fees are compared by it, since a year's twelfth is seldom exact."""
    return terms.fee if terms.period is PlanPeriod.YEAR else terms.fee * _MONTHS


def is_upgrade(current: PlanTerms | None, target: PlanTerms) -> bool:
    """Whether the target has the higher fee, or the same fee and the larger allowance; a first plan is one too.

    Fees in two currencies cannot be compared, so that such a change is none: a month's usage is owed in one currency.
    """
    if current is None:
        return True
    return current.currency == target.currency and _rank(target) > _rank(current)


def effective_at(current: PlanTerms | None, target: PlanTerms, now: datetime) -> datetime:
    """An upgrade holds at once, all else from the next month, UTC: what is paid for is never taken away."""
    return now if is_upgrade(current, target) else period_at(AllowancePeriod.MONTH, now).end


def preview_expires_at(now: datetime) -> datetime:
    """Until when a preview can be taken up: 15 minutes, and never past the day, UTC, whose proration it tells."""
    return min(now + _PREVIEW_HOLDS, period_at(AllowancePeriod.DAY, now).end)


def _rank(terms: PlanTerms) -> tuple[Decimal, bool, int]:
    days = LONGEST_MONTH if terms.per is AllowancePeriod.DAY else 1
    return yearly_fee(terms), terms.amount is None, (terms.amount or 0) * days
