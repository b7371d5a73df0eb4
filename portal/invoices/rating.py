"""Rating: a snapshot becomes lines, each rounded once and explained, and their sum. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.invoices.canonical import plain
from portal.invoices.lines import InvoiceLine
from portal.invoices.snapshot import (
    Billed,
    CreditPurchase,
    HeldPlan,
    MonthBefore,
    Snapshot,
    UsageRow,
)
from portal.money.money import EXACT, Money, round_to_minor, shown, total
from portal.plans.proration import prorated_fee
from portal.pricing.strategies import BandUsage, Priced, Step, at_ratio, other_ratio, strategy_of
from portal.pricing.terms import MarginKind, PlanPeriod, PlanTerms, PricingStrategy
from portal.usage.categories import CATEGORIES, OTHER, Category
from portal.usage.costing import PriceBasis

COST_BASED = frozenset({PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN})
USAGE_KEYS = ("usage/", "other/")  # lines on usage, which late usage may change
_SHOWN = Decimal("0.000001")
_NOTHING = Decimal(0)
_NAMED = {
    MarginKind.MARGIN: ("Margin", "Cost / (1 - margin)"),
    MarginKind.MARKUP: ("Markup", "Cost * (1 + markup)"),
}


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line; its cost, and its explanation from the cost on, are for the operator."""

    line: InvoiceLine
    cost: Decimal
    operator_steps: tuple[Step, ...]

    def operator_written(self) -> dict[str, Any]:
        """The operator's side as JSON values."""
        steps = [[step.label, step.value] for step in self.operator_steps]
        return {"key": self.line.key, "cost": plain(self.cost), "steps": steps}


@dataclass(frozen=True, slots=True)
class Rated:
    """What a snapshot comes to."""

    lines: tuple[RatedLine, ...]
    total: Money

    @property
    def cost(self) -> Decimal:
        """What all lines cost the ISV, exactly."""
        return total(self.total.currency, (line.cost for line in self.lines)).amount

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to bill: no line comes to anything."""
        return not any(line.line.amount for line in self.lines)


def rate(snapshot: Snapshot) -> Rated:
    """The lines of a snapshot: fees, usage, credits, then what changed of the month before; and their sum."""
    currency = snapshot.currency
    lines = [_fee(plan, snapshot.month, currency) for plan in snapshot.plans if plan.days and plan.terms.fee]
    lines += _usage(snapshot.plans, snapshot.usage, currency)
    lines += [_credits(bought, currency) for bought in snapshot.credits]
    if snapshot.before is not None:
        lines += _adjustments(snapshot.before, currency)
    return Rated(tuple(lines), total(currency, (line.line.amount for line in lines)))


def for_tenant(snapshot: Snapshot) -> Snapshot:
    """The same for the tenant: prices in place of costs, and no margins."""
    before = snapshot.before
    return replace(
        snapshot,
        plans=tuple(_without_ratios(plan) for plan in snapshot.plans),
        usage=_rows_for_tenant(snapshot.plans, snapshot.usage),
        before=before
        and replace(
            before,
            plans=tuple(_without_ratios(plan) for plan in before.plans),
            usage=_rows_for_tenant(before.plans, before.usage),
            billed=tuple(replace(one, cost=None) for one in before.billed),
        ),
    )


def billed_of(lines: Sequence[InvoiceLine], costs: dict[str, Decimal]) -> tuple[Billed, ...]:
    """What an invoice says of usage: what the next one goes by."""
    return tuple(
        Billed(line.key, line.description, line.quantity, line.unit, line.amount, costs.get(line.key, _NOTHING))
        for line in lines
        if line.key.startswith(USAGE_KEYS)
    )


def goes_by_cost(terms: PlanTerms) -> bool:
    """Whether what the provider asks for decides what a tenant pays."""
    return terms.strategy in COST_BASED or terms.other_ratio is not None


def days_of(plan: HeldPlan) -> str:
    """The days that a plan pays for, for people."""
    last = plan.until - timedelta(days=1)
    return _day(last) if last == plan.first else f"{_day(plan.first)} to {_day(last)}"


def _fee(plan: HeldPlan, month: date, currency: str) -> RatedLine:
    exact = prorated_fee(plan.terms, month, plan.days)
    if plan.terms.period is PlanPeriod.YEAR:
        of, whole = "year", (date(month.year + 1, 1, 1) - date(month.year, 1, 1)).days
    else:
        of, whole = "month", ((month + timedelta(days=32)).replace(day=1) - month).days
    steps = (
        Step(f"Fee for a {of}", shown(Money(plan.terms.fee, currency), exact=True)),
        Step("Days", f"{days_of(plan)}: {plan.days} of {whole}"),
        Step(f"Fee * {plan.days} / {whole}", _exact(exact, currency)),
    )
    line = InvoiceLine(
        f"fee/{plan.id}",
        f"{plan.name}, fee",
        Decimal(plan.days),
        "days",
        round_to_minor(exact, currency),
        PriceBasis.FINAL,
        steps,
    )
    return RatedLine(line, _NOTHING, steps)


def _usage(plans: Sequence[HeldPlan], rows: Sequence[UsageRow], currency: str) -> list[RatedLine]:
    held = {plan.id: plan for plan in plans}
    return [_used(row, held[row.plan], currency, several=len(held) > 1) for row in rows]


def _used(row: UsageRow, plan: HeldPlan, currency: str, *, several: bool) -> RatedLine:
    priced = _priced(row, plan.terms)
    if row.band is None:
        key, quantity, unit = f"other/{plan.id}/{row.category}", row.units, _category(row).usage_unit
    elif plan.terms.strategy in COST_BASED:
        key, quantity, unit = f"usage/{plan.id}/{row.category}/{row.band}", row.count, "messages"
    else:
        key, quantity, unit = f"usage/{plan.id}/{row.category}/{row.band}", row.units, plan.terms.unit.value.lower()
    description = f"{_category(row).label}{_where(row, plan.terms)}{f' ({plan.name})' if several else ''}"
    amount = round_to_minor(priced.amount, currency)
    line = InvoiceLine(key, description, Decimal(quantity), unit, amount, row.basis, priced.steps)
    return RatedLine(line, row.cost or _NOTHING, priced.operator_steps)


def _priced(row: UsageRow, terms: PlanTerms) -> Priced:
    """The exact price of a row: as its snapshot has it, else by the plan's terms."""
    if row.band is not None and terms.strategy not in COST_BASED:
        return strategy_of(terms).price(BandUsage(row.band, row.count, row.units, row.cost or _NOTHING))
    if row.basis is PriceBasis.INCLUDED:
        covered = Step("Covered by", "the plan's fee")
        cost = Step("Cost", _exact(row.cost or _NOTHING, terms.currency))
        return Priced(_NOTHING, (covered,), (covered, cost))
    amount, operator_steps = _by_cost(row, terms) if row.price is None else (row.price, ())
    counted = f"{row.count:,}" if row.band is not None else f"{row.units:,}"
    steps = (Step("Used", counted), Step("At your price, before rounding", _exact(amount, terms.currency)))
    return Priced(amount, steps, operator_steps)


def _by_cost(row: UsageRow, terms: PlanTerms) -> tuple[Decimal, tuple[Step, ...]]:
    cost = row.cost or _NOTHING
    if row.band is not None:
        priced = strategy_of(terms).price(BandUsage(row.band, row.count, row.units, cost))
        return priced.amount, priced.operator_steps
    kind = terms.margin_kind or MarginKind.MARGIN
    if (ratio := other_ratio(terms)) is None:
        raise ValueError(f"The fee covers {row.category}: its basis has to say so.")
    amount = at_ratio(cost, ratio, kind)
    named, how = _NAMED[kind]
    steps = (
        Step("Cost", _exact(cost, terms.currency)),
        Step(named, plain(ratio)),
        Step(how, _exact(amount, terms.currency)),
    )
    return amount, steps


def _credits(bought: CreditPurchase, currency: str) -> RatedLine:
    units = f"{bought.units:,} {bought.unit.value.lower()}"
    amount = round_to_minor(bought.price, currency)
    price = Step("Price of the pack", _exact(bought.price, currency))
    steps = (Step("Bought", _day(bought.bought_at.date())), Step("Worth", units), price)
    line = InvoiceLine(
        f"credits/{bought.lot}", "Credits", Decimal(bought.credits), "credits", amount, PriceBasis.FINAL, steps
    )
    return RatedLine(line, _NOTHING, steps)


def _adjustments(before: MonthBefore, currency: str) -> Iterator[RatedLine]:
    """What usage of the month before comes to now, less what was billed for it: line by line, both rounded."""
    now = {one.line.key: one for one in _usage(before.plans, before.usage, currency)}
    billed = {one.key: one for one in before.billed}
    for key in sorted(now.keys() | billed.keys()):
        known, said = now.get(key), billed.get(key)
        owed, paid = known.line.amount if known else _NOTHING, said.amount if said else _NOTHING
        difference = EXACT.subtract(owed, paid)
        if not difference:
            continue
        about = known.line if known else said
        quantity = (known.line.quantity if known else _NOTHING) - (said.quantity if said else _NOTHING)
        steps = (
            Step(f"Billed for {before.month:%B %Y}", shown(Money(paid, currency))),
            Step("As it is known now", shown(Money(owed, currency))),
            Step("Difference", shown(Money(difference, currency))),
        )
        line = InvoiceLine(
            f"adjustment/{key}",
            f"{before.month:%B %Y}, adjusted: {about.description if about else key}",
            quantity,
            about.unit if about else "",
            difference,
            known.line.basis if known else PriceBasis.FINAL,
            steps,
        )
        cost = EXACT.subtract(known.cost if known else _NOTHING, (said.cost if said else None) or _NOTHING)
        yield RatedLine(line, cost, (*steps, Step("Cost", _exact(cost, currency))))


def _without_ratios(plan: HeldPlan) -> HeldPlan:
    return replace(plan, terms=replace(plan.terms, margin_kind=None, brackets=(), other_ratio=None))


def _rows_for_tenant(plans: Sequence[HeldPlan], rows: Sequence[UsageRow]) -> tuple[UsageRow, ...]:
    terms: dict[UUID, PlanTerms] = {plan.id: plan.terms for plan in plans}
    found = []
    for row in rows:
        by_cost = row.band is None or terms[row.plan].strategy in COST_BASED
        price = _priced(row, terms[row.plan]).amount if by_cost and row.basis is not PriceBasis.INCLUDED else None
        found.append(replace(row, cost=None, price=price))
    return tuple(found)


def _category(row: UsageRow) -> Category:
    return CATEGORIES.get(row.category, CATEGORIES[OTHER])


def _where(row: UsageRow, terms: PlanTerms) -> str:
    """Which part of the usage, for people."""
    if row.band is None:
        return ""
    if terms.strategy is PricingStrategy.CREDITS:
        return ", by credits"
    if terms.strategy not in COST_BASED:
        return ", in the plan" if row.band == 0 else ", over the allowance"
    if not row.above and row.up_to is None:
        return ""
    return f", {row.above + 1:,} and more" if row.up_to is None else f", {row.above + 1:,} to {row.up_to:,}"


def _exact(amount: Decimal, currency: str) -> str:
    """For people, to a millionth: what is exact may have sixty digits."""
    rounded = amount.quantize(_SHOWN, context=EXACT)
    return shown(Money(rounded.normalize() if rounded % 1 else rounded.quantize(Decimal(1)), currency), exact=True)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
