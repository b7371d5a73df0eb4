"""A second account of what tenants may send and what it takes: message by message, in fractions. Pure.

It shares no rule with the portal: a plan's terms are read here as its description says them, as simply as it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import AtLimit, MarginKind, PlanPeriod, PlanTerms, PricingStrategy, UsageUnit

NOTHING = Fraction(0)
_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Holding:
    """A plan that is held for a time."""

    number: int
    plan: int
    terms: PlanTerms
    countries: tuple[str, ...]
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """What an allowance is counted in."""

    start: datetime
    end: datetime
    unit: UsageUnit
    per: AllowancePeriod


@dataclass(slots=True)
class Standing:
    """Where a period stands."""

    used: int = 0
    reserved: int = 0
    from_credits: int = 0


@dataclass(slots=True)
class Lot:
    """Credits that were bought."""

    unit: UsageUnit
    units: int
    valid_days: int | None
    usable_at: datetime | None = None
    used: int = 0
    reserved: int = 0

    def left(self, now: datetime) -> int:
        """What may be drawn now."""
        if self.usable_at is None or self.usable_at > now or self.expires_at <= now:
            return 0
        return self.units - self.used - self.reserved

    @property
    def expires_at(self) -> datetime:
        """When it lapses."""
        if self.usable_at is None or self.valid_days is None:
            return datetime.max.replace(tzinfo=UTC)
        return self.usable_at + timedelta(days=self.valid_days)


@dataclass(slots=True)
class Waiting:
    """A message that was accepted."""

    period: Period
    units: int
    segments: int
    cost: Fraction
    price: Fraction
    spent_in: tuple[date, str]
    drawn: list[tuple[Lot, int]]


@dataclass(slots=True)
class Charged:
    """Messages of a day in a band of a plan: at the rate card."""

    count: int = 0
    units: int = 0
    cost: Fraction = NOTHING


@dataclass(slots=True)
class Account:
    """A tenant as the second account sees it."""

    prices: dict[str, Fraction]  # of a segment, by country
    euros: Fraction
    holdings: list[Holding] = field(default_factory=list)
    periods: dict[Period, Standing] = field(default_factory=dict)
    lots: list[Lot] = field(default_factory=list)
    spent: dict[tuple[date, str], list[Fraction]] = field(default_factory=dict)
    cap: tuple[Fraction, str] | None = None
    charges: dict[tuple[date, int, int], Charged] = field(default_factory=dict)
    sent: dict[date, Charged] = field(default_factory=dict)
    begun: int = 0  # how many holdings there were

    def hold(self, plan: int, terms: PlanTerms, countries: tuple[str, ...], since: datetime, now: datetime) -> None:
        """Hold a plan from an instant on, in place of all that was to come."""
        self.take_back(now)
        if self.holdings:
            self.holdings[-1].until = since
        self.begun += 1
        self.holdings.append(Holding(self.begun, plan, terms, countries, since))

    def take_back(self, now: datetime) -> bool:
        """Take back what is to come; whether anything was."""
        if not self.holdings or self.holdings[-1].since <= now:
            return False
        self.holdings.pop()
        self.holdings[-1].until = None
        return True

    def held(self, now: datetime) -> Holding:
        """The plan that is held now."""
        return next(one for one in reversed(self.holdings) if one.since <= now)

    def in_currency(self, dollars: Fraction, currency: str) -> Fraction:
        """Dollars in the currency of a plan."""
        return dollars if currency == "USD" else dollars * self.euros

    def accept(self, recipients: Sequence[tuple[str, int]], now: datetime) -> list[Waiting | None]:
        """Who of these gets a message: each is a country and segments; None for who gets none."""
        return [self._accept(country, segments, now) for country, segments in recipients]

    def _accept(self, country: str, segments: int, now: datetime) -> Waiting | None:
        holding = self.held(now)
        terms, period = holding.terms, period_of(holding.terms, now)
        standing = self.periods.setdefault(period, Standing())
        units = 1 if terms.unit is UsageUnit.MESSAGES else segments
        cost = self.prices[country] * segments
        limit = 0 if terms.strategy is PricingStrategy.CREDITS else terms.amount
        own = standing.used + standing.reserved - standing.from_credits
        beyond = 0 if limit is None else max(0, units - max(0, limit - own))
        lots = sorted((lot for lot in self.lots if lot.unit is terms.unit and lot.left(now)), key=_first_to_expire)
        if holding.countries and country not in holding.countries:
            return None
        if beyond and terms.at_limit is AtLimit.STOP:
            return None
        draws = beyond if terms.at_limit is AtLimit.CREDITS else 0
        if draws > sum(lot.left(now) for lot in lots):
            return None
        price = self._most(terms, standing, units, cost)
        purse = self.spent.setdefault((now.date().replace(day=1), terms.currency), [NOTHING, NOTHING])
        if price and self.cap and self.cap[1] == terms.currency and sum(purse) + price > self.cap[0]:
            return None
        standing.reserved += units
        standing.from_credits += draws
        purse[1] += price
        drawn = []
        for lot in lots:
            taken = min(draws, lot.left(now))
            lot.reserved += taken
            draws -= taken
            drawn.append((lot, taken))
        return Waiting(period, units, segments, cost, price, (now.date().replace(day=1), terms.currency), drawn)

    def _most(self, terms: PlanTerms, standing: Standing, units: int, cost: Fraction) -> Fraction:
        """The most that a message may come to, whatever becomes of those before it."""
        if terms.brackets:
            later = [one for one in terms.brackets if one.up_to is None or one.up_to > standing.used]
            own = self.in_currency(cost, terms.currency)
            return max(at_ratio(own, one.ratio, terms) for one in later)
        before = standing.used + standing.reserved
        return sum((price_of_unit(terms, before + place) for place in range(1, units + 1)), NOTHING)

    def settle(self, messages: Sequence[tuple[Waiting, bool]], now: datetime) -> None:
        """Messages are handed over in this order, or (False) never leave."""
        for message, left in messages:
            standing = self.periods[message.period]
            standing.reserved -= message.units
            self.spent[message.spent_in][1] -= message.price
            for lot, taken in message.drawn:
                lot.reserved -= taken
                lot.used += taken if left else 0
                standing.from_credits -= 0 if left else taken
            if left:
                self._charge(message, standing, now)

    def _charge(self, message: Waiting, standing: Standing, now: datetime) -> None:
        """Put each unit of a message on the next ordinal of its period."""
        period, at = message.period, min(now, message.period.end - _INSTANT)
        holding = next(
            one
            for one in reversed(self.holdings)
            if one.since <= at and (one.terms.unit, one.terms.per) == (period.unit, period.per)
        )
        terms = holding.terms
        purse = self.spent.setdefault((now.date().replace(day=1), terms.currency), [NOTHING, NOTHING])
        share = message.cost / message.units
        for place in range(message.units):
            standing.used += 1
            band = band_of(terms, standing.used)
            charged = self.charges.setdefault((now.date(), holding.number, band), Charged())
            charged.count += 0 if place else 1
            charged.units += 1
            charged.cost += share
            if terms.brackets:
                purse[0] += at_ratio(self.in_currency(share, terms.currency), terms.brackets[band].ratio, terms)
            else:
                purse[0] += price_of_unit(terms, standing.used)
        sent = self.sent.setdefault(now.date(), Charged())
        sent.count += 1
        sent.units += message.segments
        sent.cost += message.cost


def period_of(terms: PlanTerms, now: datetime) -> Period:
    """The period that a plan counts this instant in."""
    day = now.date()
    if terms.per is AllowancePeriod.DAY:
        return Period(midnight(day), midnight(day + timedelta(days=1)), terms.unit, terms.per)
    return Period(midnight(day.replace(day=1)), midnight(month_after(day)), terms.unit, terms.per)


def midnight(day: date) -> datetime:
    """A day's first instant."""
    return datetime.combine(day, time(), UTC)


def month_after(day: date) -> date:
    """The first day of the month after this day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def band_of(terms: PlanTerms, ordinal: int) -> int:
    """The band that a unit lies in."""
    if terms.brackets:
        return next(place for place, one in enumerate(terms.brackets) if one.up_to is None or ordinal <= one.up_to)
    return int(terms.amount is not None and ordinal > terms.amount)


def price_of_unit(terms: PlanTerms, ordinal: int) -> Fraction:
    """What a unit costs under a plan whose prices do not go by the cost."""
    over = terms.amount is not None and ordinal > terms.amount
    return Fraction(terms.overage) if over and terms.overage is not None else NOTHING


def at_ratio(cost: Fraction, ratio: object, terms: PlanTerms) -> Fraction:
    """The price that a margin or markup makes of a cost."""
    part = Fraction(str(ratio))
    return cost * (1 + part) if terms.margin_kind is MarginKind.MARKUP else cost / (1 - part)


def is_upgrade(now: PlanTerms, then: PlanTerms) -> bool:
    """Whether a change holds at once."""
    if now.currency != then.currency:
        return False
    fees = [one.fee if one.period is PlanPeriod.YEAR else one.fee * 12 for one in (now, then)]
    if fees[0] != fees[1]:
        return fees[1] > fees[0]
    if now.amount is None or then.amount is None:
        return now.amount is not None
    days = [31 if one.per is AllowancePeriod.DAY else 1 for one in (now, then)]
    return then.amount * days[1] > now.amount * days[0]


def _first_to_expire(lot: Lot) -> datetime:
    return lot.expires_at
