"""Takes the snapshots of a tenant's month: what it held and used, what it bought, and what was billed before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import orjson

from portal.database import Transaction
from portal.invoices.lines import InvoiceLine
from portal.invoices.rating import COST_BASED, billed_of, goes_by_cost
from portal.invoices.snapshot import Billed, CreditPurchase, HeldPlan, MonthBefore, Snapshot, UsageRow
from portal.money.money import EXACT
from portal.plans.plans import TENANT_PLAN_COLUMNS, TenantPlanRow, tenant_plan_row
from portal.plans.proration import first_instant, next_month, segments
from portal.pricing.strategies import strategy_of
from portal.pricing.terms import PlanTerms, PricingStrategy, UsageUnit
from portal.rates.cards import RateCard, read_current_card
from portal.usage.categories import CATEGORIES, MESSAGES_OUT, READ
from portal.usage.costing import Part, PriceBasis, final_costs
from portal.usage.rating import Charge, DayUsage, Line, Record, Rollup, Tariff, rate_day


@dataclass(slots=True)
class _Sum:
    """Usage of one category in one band of a plan, so far."""

    count: int = 0
    units: int = 0
    cost: Decimal = Decimal(0)
    is_final: bool = True

    def add(self, count: int, units: int, cost: Decimal, *, is_final: bool) -> None:
        self.count += count
        self.units += units
        self.cost = EXACT.add(self.cost, cost)
        self.is_final = self.is_final and is_final


_Sums = dict[tuple[UUID, str, int | None], _Sum]


@dataclass(frozen=True, slots=True)
class _Month:
    """What a tenant held and used in a month, in all currencies."""

    plans: tuple[HeldPlan, ...]
    usage: tuple[UsageRow, ...]

    def of(self, currency: str) -> tuple[tuple[HeldPlan, ...], tuple[UsageRow, ...]]:
        """That part of it."""
        plans = tuple(plan for plan in self.plans if plan.terms.currency == currency)
        held = {plan.id for plan in plans}
        return plans, tuple(row for row in self.usage if row.plan in held)


async def take_snapshots(tx: Transaction, tenant_id: UUID, month: date) -> list[Snapshot]:
    """The operator's snapshots of a tenant's month, one for each currency that something of it is in."""
    card, before = await read_current_card(tx), (month - timedelta(days=1)).replace(day=1)
    held = await _read_held(tx, tenant_id, month)
    this = await _month(tx, tenant_id, month, held, card)
    earlier = await _month(tx, tenant_id, before, held, card)
    bought = await _read_credits(tx, tenant_id, month)
    billed = await _read_billed(tx, tenant_id, before)
    currencies = (
        {plan.terms.currency for plan in this.plans + earlier.plans} | bought.keys() | billed.by_currency.keys()
    )
    return [
        Snapshot(
            tenant_id,
            month,
            currency,
            *this.of(currency),
            tuple(bought.get(currency, ())),
            None if (said := billed.of(currency)) is None else MonthBefore(before, *earlier.of(currency), said),
        )
        for currency in sorted(currencies)
    ]


async def _month(
    tx: Transaction, tenant_id: UUID, month: date, held: Sequence[TenantPlanRow], card: RateCard
) -> _Month:
    until = next_month(month)
    tariff = Tariff({one.id: one for one in held}, card)
    paying, sums = _who_pays(held, month, until), _Sums()
    for day, usage in sorted((await _read_days(tx, tenant_id, month, until)).items()):
        holding = paying.get(day)
        terms = None if holding is None else tariff.held[holding].plan.terms
        lines = {line.category: line for line in rate_day(day, usage, tariff, terms)}
        for category in sorted(lines.keys() | usage.charges.keys()):
            _add(sums, category, usage, lines.get(category), holding)
    plans = _held_plans(held, month, until, {plan for plan, _, _ in sums})
    return _Month(plans, tuple(_row(key, one, tariff) for key, one in _in_order(sums, plans)))


def _who_pays(held: Sequence[TenantPlanRow], first: date, until: date) -> dict[date, UUID]:
    return {
        date.fromordinal(day): segment.tenant_plan_id
        for segment in segments(held, first, until)
        for day in range(segment.first.toordinal(), segment.until.toordinal())
    }


def _add(sums: _Sums, category: str, usage: DayUsage, line: Line | None, holding: UUID | None) -> None:
    """Add a category of a day: messages sent to the bands that they settled in, all else to the day's plan."""
    if category not in MESSAGES_OUT:
        if line is not None and holding is not None:
            whole = sums.setdefault((holding, category, None), _Sum())
            whole.add(line.count, line.usage, line.cost or Decimal(0), is_final=line.is_final)
        return
    charges, is_final = usage.charges.get(category, []), line is not None and line.is_final
    price = line.cost if line is not None and is_final else None
    costs = final_costs([Part(charge.units, charge.cost) for charge in charges], price)
    for charge, cost in zip(charges, costs, strict=True):
        band = sums.setdefault((charge.tenant_plan_id, category, charge.band), _Sum())
        band.add(charge.count, charge.units, cost, is_final=is_final)


def _held_plans(held: Sequence[TenantPlanRow], first: date, until: date, used: set[UUID]) -> tuple[HeldPlan, ...]:
    """The plans that pay for days, or whose usage there is, in the order in which they were held."""
    days = {segment.tenant_plan_id: segment for segment in segments(held, first, until)}
    found = []
    for one in held:
        segment = days.get(one.id)
        if segment is not None or one.id in used:
            pays = (segment.first, segment.until) if segment is not None else (first, first)
            found.append(HeldPlan(one.id, one.plan.name, one.plan.version, one.plan.terms, *pays))
    return tuple(found)


def _in_order(sums: _Sums, plans: Sequence[HeldPlan]) -> list[tuple[tuple[UUID, str, int | None], _Sum]]:
    place = {plan.id: number for number, plan in enumerate(plans)}
    known = {category: number for number, category in enumerate(CATEGORIES)}

    def order(one: tuple[tuple[UUID, str, int | None], _Sum]) -> tuple[int, bool, int, int]:
        plan, category, band = one[0]
        return place[plan], band is None, known.get(category, len(known)), band or 0

    return sorted(sums.items(), key=order)


def _row(key: tuple[UUID, str, int | None], summed: _Sum, tariff: Tariff) -> UsageRow:
    plan, category, band = key
    terms = tariff.held[plan].plan.terms
    above, up_to = _bounds(terms, band)
    cost = tariff.card.converted(summed.cost, terms.currency)
    basis = _basis(terms, band, is_final=summed.is_final)
    return UsageRow(plan, category, band, summed.count, summed.units, above, up_to, basis, cost)


def _bounds(terms: PlanTerms, band: int | None) -> tuple[int, int | None]:
    if band is None:
        return 0, None
    bounds = strategy_of(terms).bounds
    return (bounds[band - 1] or 0) if band else 0, bounds[band]


def _basis(terms: PlanTerms, band: int | None, *, is_final: bool) -> PriceBasis:
    by_cost = goes_by_cost(terms) if band is None else terms.strategy in COST_BASED
    if by_cost:
        return PriceBasis.FINAL if is_final else PriceBasis.ESTIMATED
    if band is None or band == 0 or terms.strategy is PricingStrategy.CREDITS:
        return PriceBasis.INCLUDED
    return PriceBasis.FINAL


async def _read_held(tx: Transaction, tenant_id: UUID, month: date) -> list[TenantPlanRow]:
    """All plans that the tenant held until the month's end; a closed tenant holds none from its closing on."""
    closed_at = await tx.value("SELECT closed_at FROM tenant WHERE id = $1", tenant_id)
    rows = await tx.rows(
        f"SELECT {TENANT_PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "WHERE tenant_plan.tenant_id = $1 AND since < $2 ORDER BY since",
        *(tenant_id, first_instant(next_month(month))),
    )
    found = []
    for one in map(tenant_plan_row, rows):
        until = min((end for end in (one.until, closed_at) if end is not None), default=None)
        found.append(TenantPlanRow(one.tenant_id, one.id, one.plan, one.since, until))
    return found


async def _read_days(tx: Transaction, tenant_id: UUID, first: date, until: date) -> dict[date, DayUsage]:
    days: dict[date, DayUsage] = {}
    where = "WHERE tenant_id = $1 AND day >= $2 AND day < $3"
    rollups = f"SELECT day, category, count, usage, cost FROM usage_day {where}"  # noqa: S608  constants
    for row in await tx.rows(rollups, tenant_id, first, until):
        usage = days.setdefault(row["day"], DayUsage())
        usage.rollups[row["category"]] = Rollup(row["count"], row["usage"], row["cost"])
    records = f"SELECT day, category, count, usage, as_of, price FROM usage_record {where} AND category = ANY($4)"  # noqa: S608  constants
    for row in await tx.rows(records, tenant_id, first, until, READ):
        usage = days.setdefault(row["day"], DayUsage())
        usage.records[row["category"]] = Record(row["count"], row["usage"], row["as_of"], row["price"])
    charges = (
        "SELECT day, category, tenant_plan_id, band, count, units, cost FROM charge_day "  # noqa: S608  constants
        f"{where} ORDER BY day, tenant_plan_id, category, band"
    )
    for row in await tx.rows(charges, tenant_id, first, until):
        charge = Charge(row["tenant_plan_id"], row["band"], row["count"], row["units"], row["cost"])
        days.setdefault(row["day"], DayUsage()).charges.setdefault(row["category"], []).append(charge)
    return days


async def _read_credits(tx: Transaction, tenant_id: UUID, month: date) -> dict[str, list[CreditPurchase]]:
    """What was bought in the month, by currency."""
    found: dict[str, list[CreditPurchase]] = {}
    rows = await tx.rows(
        "SELECT id, credits, units, unit, price, currency, purchased_at FROM credit_lot "
        "WHERE tenant_id = $1 AND purchased_at >= $2 AND purchased_at < $3 ORDER BY purchased_at, id",
        *(tenant_id, first_instant(month), first_instant(next_month(month))),
    )
    for row in rows:
        bought = CreditPurchase(
            row["id"], row["credits"], row["units"], UsageUnit(row["unit"]), row["price"], row["purchased_at"]
        )
        found.setdefault(row["currency"], []).append(bought)
    return found


@dataclass(frozen=True, slots=True)
class _BilledBefore:
    """What the invoices of the month before say of usage, by currency; None: it is void and was not made anew."""

    by_currency: Mapping[str, tuple[Billed, ...] | None]
    was_made: bool  # else there were no invoices yet: what nobody billed then is not billed now

    def of(self, currency: str) -> tuple[Billed, ...] | None:
        """What was billed, perhaps nothing; None where nothing of that month is to be adjusted."""
        return self.by_currency.get(currency, () if self.was_made else None)


async def _read_billed(tx: Transaction, tenant_id: UUID, month: date) -> _BilledBefore:
    rows = await tx.rows(
        "SELECT invoice.currency, state, invoice.lines, invoice_cost.lines AS costs FROM invoice "
        "LEFT JOIN invoice_cost USING (tenant_id, id) WHERE invoice.tenant_id = $1 AND month = $2",
        *(tenant_id, month),
    )
    found: dict[str, tuple[Billed, ...] | None] = {row["currency"]: None for row in rows}
    for row in rows:
        if row["state"] != "VOID":
            costs = {line["key"]: Decimal(line["cost"]) for line in orjson.loads(row["costs"] or "[]")}
            lines = [InvoiceLine.read(line) for line in orjson.loads(row["lines"])]
            found[row["currency"]] = billed_of(lines, costs)
    sql = "SELECT EXISTS (SELECT FROM invoice_run WHERE month = $1 AND finished_at IS NOT NULL)"
    return _BilledBefore(found, await tx.value(sql, month))
