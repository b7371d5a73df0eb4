"""Reports of usage: a few statements for any number of tenants, and never a look at messages or calls."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from portal.database import Transaction
from portal.database.connection import Row
from portal.money.money import EXACT, Money
from portal.plans.plans import TENANT_PLAN_COLUMNS, TenantPlanRow, tenant_plan_row
from portal.plans.proration import first_instant
from portal.rates.cards import RateCard, read_current_card
from portal.usage.categories import READ
from portal.usage.costing import PriceBasis
from portal.usage.periods import BEFORE_ANY, Days, UsageBucketSize, cut
from portal.usage.rating import Charge, DayUsage, Line, Record, Rollup, Tariff, margin_ratio, rate_day


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """Which usage: the days, how finely cut, of which categories (None: of all), and whether with amounts of money."""

    days: Days
    size: UsageBucketSize
    categories: frozenset[str] | None = None
    with_money: bool = False


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    """One category in one part of the days; what was not asked for, or cannot be told, is None."""

    category: str
    count: int
    usage: int
    price: Money | None = None
    basis: PriceBasis | None = None
    cost: Money | None = None
    margin_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of the days; `total` is what usage comes to beside the plan's fee."""

    start: datetime
    until: datetime
    categories: tuple[CategoryTotal, ...]
    total: Money | None = None
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage as of an instant, and the provider's own as of another; the whole, and cut."""

    as_of: datetime
    provider_as_of: datetime | None
    whole: Bucket
    buckets: tuple[Bucket, ...]


@dataclass(slots=True)
class _Sum:
    count: int = 0
    usage: int = 0
    cost: Decimal = Decimal(0)
    prices: dict[str, Decimal] = field(default_factory=dict)  # by currency
    bases: set[PriceBasis] = field(default_factory=set)

    def add(self, line: Line) -> None:
        self.count += line.count
        self.usage += line.usage
        self.cost = EXACT.add(self.cost, line.cost or Decimal(0))
        for price in line.prices:
            self.bases.add(price.basis)
            if price.amount is not None:
                before = self.prices.get(price.amount.currency, Decimal(0))
                self.prices[price.amount.currency] = EXACT.add(before, price.amount.amount)


async def read_usage(
    tx: Transaction, tenant_ids: Sequence[UUID], asked: UsageQuestion, *, now: datetime
) -> dict[UUID, UsageReport]:
    """Each tenant's report of these days; parts without usage are empty."""
    days = await read_days(tx, tenant_ids, asked.days, with_money=asked.with_money)
    tariffs = await _read_tariffs(tx, tenant_ids, asked.days.until) if asked.with_money else {}
    return {tenant_id: _report(days[tenant_id], tariffs.get(tenant_id), asked, now) for tenant_id in tenant_ids}


async def read_days(
    tx: Transaction, tenant_ids: Sequence[UUID], span: Days, *, with_money: bool
) -> dict[UUID, dict[date, DayUsage]]:
    """What is known of these tenants' days; amounts of money, and what is charged, only where they are asked for."""
    days: dict[UUID, dict[date, DayUsage]] = {tenant_id: {} for tenant_id in tenant_ids}

    def of(row: Row) -> DayUsage:
        return days[row["tenant_id"]].setdefault(row["day"], DayUsage())

    given = (list(tenant_ids), span.first, span.until)
    where = "WHERE tenant_id = ANY($1::uuid[]) AND day >= $2 AND day < $3"
    cost, price = ("cost", "price") if with_money else ("NULL", "NULL")  # ISV support may read neither
    rollups = f"SELECT tenant_id, day, category, count, usage, {cost} AS cost FROM usage_day {where}"  # noqa: S608  constants
    for row in await tx.rows(rollups, *given):
        of(row).rollups[row["category"]] = Rollup(row["count"], row["usage"], row["cost"])
    records = (
        f"SELECT tenant_id, day, category, count, usage, as_of, {price} AS price FROM usage_record "  # noqa: S608  constants
        f"{where} AND category = ANY($4::text[])"
    )
    for row in await tx.rows(records, *given, READ):
        of(row).records[row["category"]] = Record(row["count"], row["usage"], row["as_of"], row["price"])
    if with_money:
        charges = (
            "SELECT tenant_id, day, category, tenant_plan_id, band, count, units, cost FROM charge_day "  # noqa: S608  constants
            f"{where} ORDER BY day, tenant_plan_id, category, band"
        )
        for row in await tx.rows(charges, *given):
            charge = Charge(row["tenant_plan_id"], row["band"], row["count"], row["units"], row["cost"])
            of(row).charges.setdefault(row["category"], []).append(charge)
    return days


async def _read_tariffs(tx: Transaction, tenant_ids: Sequence[UUID], until: date) -> dict[UUID, Tariff]:
    sql = (
        f"SELECT {TENANT_PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "WHERE tenant_plan.tenant_id = ANY($1::uuid[]) AND since < $2"
    )
    held: dict[UUID, dict[UUID, TenantPlanRow]] = {tenant_id: {} for tenant_id in tenant_ids}
    for row in await tx.rows(sql, list(tenant_ids), first_instant(until)):
        held[row["tenant_id"]][row["tenant_plan_id"]] = tenant_plan_row(row)
    card = await read_current_card(tx)
    return {tenant_id: Tariff(own, card) for tenant_id, own in held.items()}


def _report(days: dict[date, DayUsage], tariff: Tariff | None, asked: UsageQuestion, now: datetime) -> UsageReport:
    today = now.astimezone(UTC).date()
    span = asked.days
    if span.first == BEFORE_ANY:  # all time begins with the first use
        span = Days(min([*days, today]), span.until)
    terms = {} if tariff is None else tariff.terms_of(span.first, span.until)
    parts = cut(span, asked.size, today)
    firsts = [part.first for part in parts]
    whole: dict[str, _Sum] = {}
    cuts: list[dict[str, _Sum]] = [{} for _ in parts]
    for day in sorted(days):
        for line in rate_day(day, days[day], tariff, terms.get(day)):
            if asked.categories is None or line.category in asked.categories:
                for sums in (whole, *cuts[(place := bisect_right(firsts, day)) - 1 : place]):
                    sums.setdefault(line.category, _Sum()).add(line)
    heard = [record.as_of for usage in days.values() for record in usage.records.values()]
    card = None if tariff is None else tariff.card
    nothing = _only({one.currency: Decimal(0) for one in terms.values()})
    return UsageReport(
        now,
        max(heard, default=None),
        _bucket(span, whole, card, nothing),
        tuple(_bucket(part, own, card, nothing) for part, own in zip(parts, cuts, strict=True)),
    )


def _bucket(days: Days, sums: dict[str, _Sum], card: RateCard | None, nothing: Money | None) -> Bucket:
    categories = tuple(_total(category, sums[category], card) for category in sorted(sums))
    start, until = first_instant(days.first), first_instant(days.until)
    if card is None:
        return Bucket(start, until, categories)
    prices: dict[str, Decimal] = {}
    cost = Decimal(0)
    for one in sums.values():
        cost = EXACT.add(cost, one.cost)
        for currency, amount in one.prices.items():
            prices[currency] = EXACT.add(prices.get(currency, Decimal(0)), amount)
    return Bucket(start, until, categories, _only(prices) if prices else nothing, Money(cost, card.currency))


def _total(category: str, found: _Sum, card: RateCard | None) -> CategoryTotal:
    if card is None:
        return CategoryTotal(category, found.count, found.usage)
    price = _only(found.prices)
    ratio = None if price is None else margin_ratio(price, found.cost, card)
    cost = Money(found.cost, card.currency)
    return CategoryTotal(category, found.count, found.usage, price, _basis(found.bases), cost, ratio)


def _only(prices: dict[str, Decimal]) -> Money | None:
    """The amount, where there is one; amounts of two currencies are never added."""
    if len(prices) != 1:
        return None
    ((currency, amount),) = prices.items()
    return Money(amount, currency)


def _basis(bases: Iterable[PriceBasis]) -> PriceBasis | None:
    """The least certain of those that have an amount, else that all is included."""
    return min(bases, key=list(PriceBasis).index, default=None)
