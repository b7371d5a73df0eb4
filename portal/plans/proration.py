"""Which plan pays for which days of a month, and which part of its fee that is. Pure.

A day, in UTC, belongs to the plan that is held at its end: the day of an upgrade pays the new plan, the day on which a
tenant leaves pays none. A month's fee is for the days of that month, a year's fee for the days of that calendar year.
"""

from calendar import isleap, monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from portal.money.money import EXACT
from portal.pricing.terms import PlanPeriod, PlanTerms


class Held(Protocol):
    """A plan that a tenant holds from an instant until just before another; `until` None: with no end yet."""

    @property
    def id(self) -> UUID:
        """Of the holding, not of the plan."""
        ...

    @property
    def since(self) -> datetime:
        """Its first instant."""
        ...

    @property
    def until(self) -> datetime | None:
        """The first instant after it."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """The days, half-open, that one holding pays for."""

    tenant_plan_id: UUID
    first: date
    until: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.first).days


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def segments(held: Sequence[Held], first: date, until: date) -> list[Segment]:
    """Which holding pays which of these days, in their order; days that none was held at the end of are left out."""
    found = []
    for one in sorted(held, key=lambda holding: holding.since):
        begins = max(first, one.since.astimezone(UTC).date())
        ends = until if one.until is None else min(until, one.until.astimezone(UTC).date())
        if begins < ends:
            found.append(Segment(one.id, begins, ends))
    return found


def prorated_fee(terms: PlanTerms, month: date, days: int) -> Decimal:
    """The part of the fee for so many days of this month, exact."""
    whole = monthrange(month.year, month.month)[1]
    if terms.period is PlanPeriod.YEAR:
        whole = 366 if isleap(month.year) else 365
    return EXACT.divide(EXACT.multiply(terms.fee, Decimal(days)), Decimal(whole))


def first_instant(day: date) -> datetime:
    """Midnight, UTC."""
    return datetime.combine(day, time(), UTC)
