"""A tenant's past months: what it held, used and bought, and what its invoices come to. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from uuid import UUID

from portal.invoices.rating import Rated, rate
from portal.invoices.snapshot import CreditPurchase, Snapshot
from portal.invoices.summing import SummedMonth, sum_month
from portal.money.money import EXACT
from portal.plans.plans import TenantPlanRow
from portal.plans.proration import first_instant, next_month
from portal.rates.cards import RateCard
from portal.usage.periods import Days
from portal.usage.rating import DayUsage

Bought = Mapping[str, Sequence[CreditPurchase]]
"""What was bought, by currency."""


@dataclass(frozen=True, slots=True)
class Records:
    """What a tenant held until the end of some months, and used and bought in them."""

    tenant_id: UUID
    held: Sequence[TenantPlanRow]
    days: Mapping[date, DayUsage]
    bought: Bought

    def currencies(self, span: Days) -> set[str]:
        """Those of all that it held, was charged for or bought in these days."""
        all_charges = (charges for usage in self.days.values() for charges in usage.charges.values())
        charged = {charge.tenant_plan_id for charges in all_charges for charge in charges}
        begins = first_instant(span.first)
        held = [one for one in self.held if one.until is None or one.until > begins or one.id in charged]
        return {one.plan.terms.currency for one in held} | self.bought.keys()


@dataclass(frozen=True, slots=True)
class UsedMonth:
    """A month of a tenant."""

    tenant_id: UUID
    month: date
    summed: SummedMonth
    bought: Bought

    @property
    def days(self) -> int:
        """At the end of how many days the tenant held a plan."""
        return sum(plan.days for plan in self.summed.plans)

    @property
    def part(self) -> Decimal:
        """The part of the month that these are."""
        return EXACT.divide(Decimal(self.days), Decimal((next_month(self.month) - self.month).days))

    @property
    def is_of_customer(self) -> bool:
        """Whether the tenant held, used or bought anything."""
        return bool(self.summed.plans or self.bought)

    @property
    def messages(self) -> int:
        """How many messages were charged."""
        return sum(one.messages for one in self.summed.sent)

    def billed(self) -> dict[str, Rated]:
        """What is owed for it by what is known now, by currency; adjustments of the month before are not in it."""
        currencies = {plan.terms.currency for plan in self.summed.plans} | self.bought.keys()
        return {currency: rate(self._snapshot(currency)) for currency in sorted(currencies)}

    def _snapshot(self, currency: str) -> Snapshot:
        bought = tuple(self.bought.get(currency, ()))
        return Snapshot(self.tenant_id, self.month, currency, *self.summed.of(currency), bought)


def whole_months(today: date, number: int) -> Days:
    """So many months of the calendar, the last of which is over."""
    until = today.replace(day=1)
    first = until
    for _ in range(number):
        first = (first - timedelta(days=1)).replace(day=1)
    return Days(first, until)


def months_of(records: Records, span: Days, card: RateCard) -> list[UsedMonth]:
    """The months of this span in their order; `card` has a rate for all currencies of the records."""
    found = []
    for month in firsts(span):
        of = Days(month, next_month(month))
        days = {day: usage for day, usage in records.days.items() if of.first <= day < of.until}
        summed = sum_month(month, days, records.held, card)
        found.append(UsedMonth(records.tenant_id, month, summed, _bought_in(of, records.bought)))
    return found


def firsts(span: Days) -> Iterator[date]:
    """The first day of each month."""
    month = span.first
    while month < span.until:
        yield month
        month = next_month(month)


def _bought_in(days: Days, bought: Bought) -> Bought:
    found = {
        currency: [one for one in lots if days.first <= one.bought_at.astimezone(UTC).date() < days.until]
        for currency, lots in bought.items()
    }
    return {currency: lots for currency, lots in found.items() if lots}
