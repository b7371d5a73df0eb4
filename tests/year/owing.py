"""The second account of what tenants owe for their months, from what it knows they did. Pure."""

from calendar import isleap, monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from portal.pricing.terms import PlanPeriod, PricingStrategy
from tests.year.accepting import NOTHING, Account, Holding, at_ratio, midnight, month_after, price_of_unit

_DAY = timedelta(days=1)
_MESSAGES = "sms-outbound"
_HALF = Fraction(1, 2)
Lines = dict[str, int]  # cents by what they are for


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the provider's own count; `why` is which of the year's occasions it comes from."""

    day: date
    category: str
    price: Decimal
    seen: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Read:
    """That the portal read the provider's records of these days, half-open, at an instant."""

    at: datetime
    as_of: datetime  # up to when the provider had counted
    first: date
    until: date


@dataclass
class Ledger:
    """All that decides what a tenant owes."""

    account: Account
    told: list[Told] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    bought: list[tuple[datetime, str, Decimal]] = field(default_factory=list)
    closed_at: datetime | None = None
    billed: dict[tuple[date, str], Lines | None] = field(default_factory=dict)  # usage alone; None: void

    def invoice(self, month: date, currency: str, now: datetime, *, is_first: bool) -> Lines:
        """What is owed for a month in a currency, line by line, as it is known at an instant."""
        usage = self._usage(month, currency, now)
        lines = {**self._fees(month, currency), **usage}
        for place, (at, of, price) in enumerate(self.bought):
            if (at.date().replace(day=1), of) == (month, currency):
                lines[f"credits {place}"] = _cents(Fraction(price))
        before = (month - _DAY).replace(day=1)
        said = self.billed.get((before, currency), {})
        if said is not None and not is_first:
            known = self._usage(before, currency, now)
            for key in known.keys() | said.keys():
                lines[f"adjusted {key}"] = known.get(key, 0) - said.get(key, 0)
        return lines

    def take(self, month: date, currency: str, now: datetime) -> None:
        """Take note that this month was billed so."""
        self.billed[month, currency] = self._usage(month, currency, now)

    def goes_by_cost(self, month: date, currency: str) -> bool:
        """Whether what the provider asks for decides what a month comes to."""
        used = {number for (day, number, _) in self.account.charges if day.replace(day=1) == month}
        pays = {holder.number for _, holder in self._paying(month)}
        return any(
            one.terms.brackets or one.terms.other_ratio is not None
            for one in self.account.holdings
            if one.number in used | pays and one.terms.currency == currency
        )

    def holder(self, day: date) -> Holding | None:
        """Whose day it is: the plan's that is held at its end."""
        end = midnight(day + _DAY)
        if self.closed_at is not None and self.closed_at < end:
            return None
        held = [one for one in self.account.holdings if one.since < end and (one.until is None or one.until >= end)]
        return held[-1] if held else None

    def has_late(self, first: date, until: date, now: datetime) -> bool:
        """Whether the provider shows more of these days, half-open, than when they were read last."""
        lines = [line for line in self.told if first <= line.day < until]
        reads = [self.read_until(line.day, now) for line in lines]
        return any(read is None or read < one.seen <= now for one, read in zip(lines, reads, strict=True))

    def read_until(self, day: date, now: datetime) -> datetime | None:
        """When the records of a day were read last, once it was over."""
        over = midnight(day + _DAY)
        reads = [one.at for one in self.reads if one.first <= day < one.until and over <= one.as_of and one.at <= now]
        return max(reads, default=None)

    def _paying(self, month: date) -> list[tuple[date, Holding]]:
        days = [month + _DAY * number for number in range((month_after(month) - month).days)]
        return [(day, holder) for day in days if (holder := self.holder(day)) is not None]

    def _fees(self, month: date, currency: str) -> Lines:
        days: dict[int, int] = defaultdict(int)
        for _, holder in self._paying(month):
            days[holder.number] += 1
        lines = {}
        for holding in self.account.holdings:
            terms = holding.terms
            if terms.currency == currency:
                whole = monthrange(month.year, month.month)[1]
                if terms.period is PlanPeriod.YEAR:
                    whole = 366 if isleap(month.year) else 365
                lines[f"fee {holding.number}"] = _cents(Fraction(terms.fee) * days[holding.number] / whole)
        return lines

    def _usage(self, month: date, currency: str, now: datetime) -> Lines:
        exact: dict[str, Fraction] = defaultdict(lambda: NOTHING)
        days = {day for day, _, _ in self.account.charges} | {line.day for line in self.told}
        for day in sorted(day for day in days if day.replace(day=1) == month):
            read = self.read_until(day, now)
            seen: dict[str, Fraction] = defaultdict(lambda: NOTHING)
            for line in self.told:
                if line.day == day and read is not None and line.seen <= read:
                    seen[line.category] += Fraction(line.price)
            for key, amount in self._messages(day, currency, seen[_MESSAGES] if read else None):
                exact[key] += amount
            holder = self.holder(day)
            if holder is not None and holder.terms.currency == currency:
                for category in seen.keys() - {_MESSAGES}:
                    exact[f"{category} {holder.number}"] += self._other(seen[category], holder)
        return {key: _cents(amount) for key, amount in exact.items()}

    def _messages(self, day: date, currency: str, price: Fraction | None) -> list[tuple[str, Fraction]]:
        """What the messages of a day come to: the provider's price is shared by what they cost at the rate card."""
        charges = {(number, band): one for (of, number, band), one in self.account.charges.items() if of == day}
        whole = sum((one.cost for one in charges.values()), NOTHING)
        terms_of = {one.number: one.terms for one in self.account.holdings}
        found = []
        for (number, band), one in charges.items():
            terms = terms_of[number]
            if terms.currency != currency:
                continue
            if terms.brackets:
                cost = one.cost if price is None else price * one.cost / whole
                amount = at_ratio(self.account.in_currency(cost, currency), terms.brackets[band].ratio, terms)
            else:
                amount = one.units * price_of_unit(terms, (terms.amount or 0) + band)
            found.append((f"messages {number} {band}", amount))
        return found

    def _other(self, cost: Fraction, holder: Holding) -> Fraction:
        terms, ratio = holder.terms, holder.terms.other_ratio
        if ratio is None and terms.strategy in {PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN}:
            ratio = terms.brackets[0].ratio
        return NOTHING if ratio is None else at_ratio(self.account.in_currency(cost, terms.currency), ratio, terms)


def _cents(amount: Fraction) -> int:
    """Rounded half away from zero; both currencies of the year have cents."""
    whole = int(abs(amount) * 100 + _HALF)
    return -whole if amount < 0 else whole
