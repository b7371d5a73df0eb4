"""Unit economics: churn, conversion, lifetime value, the payback of what winning a tenant cost. Pure.

Each of these is None where its formula divides by nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from portal.economics.figures import MONTHS, Days, Figures, ratio
from portal.money.money import EXACT
from portal.plans.plans import TenantPlanRow
from portal.pricing.terms import PlanTerms, PricingStrategy


@dataclass(frozen=True, slots=True)
class Customer:
    """From when until when a tenant is one, and what it cost to win it, in the currency of the rate card."""

    id: UUID
    created_at: datetime
    closed_at: datetime | None
    acquisition_cost: Decimal | None

    def days_in(self, days: Days) -> Days:
        """Those of these days on which it was a tenant: from the day that it came, without the day that it left."""
        first = max(days.first, _day(self.created_at))
        until = days.until if self.closed_at is None else min(days.until, _day(self.closed_at))
        return Days(first, max(first, until))


@dataclass(frozen=True, slots=True)
class Movement:
    """How many tenants there were, came and went."""

    at_start: int
    new: int
    closed: int

    @property
    def at_end(self) -> int:
        """How many there are after it."""
        return self.at_start + self.new - self.closed


def movement(customers: Iterable[Customer], days: Days) -> Movement:
    """What happened in these days; who came and went in them counts as both."""
    at_start = new = closed = 0
    for one in customers:
        came, went = _day(one.created_at), None if one.closed_at is None else _day(one.closed_at)
        if came >= days.until or (went is not None and went < days.first):
            continue
        new += came >= days.first
        at_start += came < days.first
        closed += went is not None and went < days.until
    return Movement(at_start, new, closed)


def churn(customers: Sequence[Customer], days: Days) -> Decimal | None:
    """Of those who were there at the start, the part that left in these days, exactly."""
    there = [one for one in customers if _day(one.created_at) < days.first and not _left_before(one, days.first)]
    left = sum(_left_before(one, days.until) for one in there)
    return EXACT.divide(Decimal(left), Decimal(len(there))) if there else None


def is_free(terms: PlanTerms) -> bool:
    """Whether nothing is ever owed on a plan."""
    return terms.strategy is PricingStrategy.TIER and not terms.fee and not terms.other_ratio


def free_to_paid(holdings: Iterable[TenantPlanRow], days: Days) -> Decimal | None:
    """Of the tenants that held a free plan at some time of these days, the part that moved on to a paid one in them."""
    of_tenant: dict[UUID, list[TenantPlanRow]] = {}
    for one in sorted(holdings, key=lambda held: held.since):
        of_tenant.setdefault(one.tenant_id, []).append(one)
    free = moved = 0
    for held in of_tenant.values():
        if not any(is_free(one.plan.terms) and _overlaps(one, days) for one in held):
            continue
        free += 1
        moved += any(
            is_free(before.plan.terms)
            and not is_free(after.plan.terms)
            and days.first <= _day(after.since) < days.until
            for before, after in pairwise(held)
        )
    return ratio(Decimal(moved), Decimal(free))


def monthly(figures: Figures, days: Days) -> Decimal | None:
    """The gross margin of a month, on the average of these days."""
    return EXACT.divide(figures.gross_margin, days.months) if days.count else None


def lifetime_value(monthly_margin: Decimal | None, churn_ratio: Decimal | None, days: Days) -> Decimal | None:
    """A month's gross margin / the churn of a month: what a tenant brings in until it leaves, if all goes on so."""
    if monthly_margin is None or not churn_ratio:
        return None
    return EXACT.divide(EXACT.multiply(monthly_margin, days.months), churn_ratio)


def payback_months(acquisition_cost: Decimal | None, monthly_margin: Decimal | None) -> Decimal | None:
    """After how many months the gross margin has paid for winning the tenant; None where it never does."""
    if acquisition_cost is None or monthly_margin is None or monthly_margin <= 0:
        return None
    return ratio(acquisition_cost, monthly_margin, MONTHS)


def average_margin(figures: Figures, customers: Iterable[Customer], days: Days) -> Decimal | None:
    """The gross margin of a tenant and month: that of all / the months for which they were tenants."""
    months = sum((one.days_in(days).months for one in customers), Decimal(0))
    return EXACT.divide(figures.gross_margin, months) if months else None


def average_payback(customers: Iterable[Customer], figures: Mapping[UUID, Figures], days: Days) -> Decimal | None:
    """What winning tenants cost / what they bring in a month, over those of which a cost was entered."""
    cost = margin = Decimal(0)
    for one in customers:
        own = monthly(figures.get(one.id, Figures()), one.days_in(days))
        if one.acquisition_cost is not None and own is not None:
            cost, margin = EXACT.add(cost, one.acquisition_cost), EXACT.add(margin, own)
    return payback_months(cost, margin) if cost else None


def _left_before(customer: Customer, day: date) -> bool:
    return customer.closed_at is not None and _day(customer.closed_at) < day


def _overlaps(held: TenantPlanRow, days: Days) -> bool:
    return _day(held.since) < days.until and (held.until is None or _day(held.until) >= days.first)


def _day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()
