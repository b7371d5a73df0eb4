"""Reads what economics are rated from, of some tenants or of all: so many statements, however many tenants."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from portal.database import Transaction
from portal.economics.figures import Conversion, Days, Figures
from portal.economics.rating import (
    MESSAGE_CATEGORIES,
    TOTAL,
    Charge,
    CreditUse,
    ProviderPrice,
    Rated,
    Records,
    rate,
)
from portal.economics.tiers import TierWarning, warnings, worst_case
from portal.economics.units import (
    Customer,
    Movement,
    average_margin,
    average_payback,
    churn,
    free_to_paid,
    lifetime_value,
    monthly,
    movement,
    payback_months,
)
from portal.money.money import Money
from portal.plans.plans import PLAN_COLUMNS, TENANT_PLAN_COLUMNS, PlanRow, PlanState, plan_row, tenant_plan_row
from portal.plans.proration import first_instant
from portal.rates.cards import read_current_card

_Key = TypeVar("_Key")
_SOME = "($1::uuid[] IS NULL OR {table}tenant_id = ANY($1))"
_HOLDINGS = (
    f"SELECT {TENANT_PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
    f"WHERE {_SOME.format(table='tenant_plan.')} AND since < $2 ORDER BY since"
)
_CHARGES = (
    "SELECT tenant_id, day, tenant_plan_id, category, band, count, units, cost FROM charge_day "  # noqa: S608  constants
    f"WHERE {_SOME.format(table='')} AND day >= $2 AND day < $3 ORDER BY tenant_id, day, category, tenant_plan_id, band"
)
_PRICES = (
    "SELECT tenant_id, day, category, price, price_unit, as_of FROM usage_record "  # noqa: S608  constants
    f"WHERE {_SOME.format(table='')} AND day >= $2 AND day < $3 AND category = ANY($4::text[])"
)
_CREDITS = (
    "SELECT lot.tenant_id, (entry.at AT TIME ZONE 'UTC')::date AS day, lot.plan_id, "  # noqa: S608  constants
    "sum(CASE kind WHEN 'CORRECTION' THEN -entry.units ELSE entry.units END)::bigint AS used, lot.units, lot.price, "
    "lot.currency "
    "FROM credit_entry AS entry JOIN credit_lot AS lot ON lot.tenant_id = entry.tenant_id AND lot.id = entry.lot_id "
    f"WHERE {_SOME.format(table='entry.')} AND entry.at >= $2 AND entry.at < $3 "
    "AND entry.kind IN ('SETTLE', 'EXPIRE', 'CORRECTION') "
    "GROUP BY lot.tenant_id, lot.id, day"
)
_CUSTOMERS = (
    "SELECT tenant.id, created_at, closed_at, acquisition_cost, currency FROM tenant "
    "LEFT JOIN billing_account ON billing_account.tenant_id = tenant.id"
)
_PLANS = (
    f"SELECT {PLAN_COLUMNS}, (SELECT count(*) FROM tenant_plan WHERE plan_id = plan.id AND since <= $1 "  # noqa: S608  constants
    "AND (until IS NULL OR until > $1)) AS tenants FROM plan WHERE state <> 'DRAFT' ORDER BY name, version"
)


@dataclass(frozen=True, slots=True)
class TierEconomics:
    """A plan: how many hold it, at its worst, and as it was."""

    plan: PlanRow
    tenants: int
    currency: str
    worst_case: Figures | None
    last_month: Figures
    month_to_date: Figures
    warnings: Sequence[TierWarning]


@dataclass(frozen=True, slots=True)
class TenantEconomics:
    """One tenant in a range of days; amounts but that which was entered in `currency`."""

    currency: str
    figures: Figures
    lifetime_value: Decimal | None
    acquisition_cost: Money | None
    payback_months: Decimal | None
    unconverted: Sequence[str]


@dataclass(frozen=True, slots=True)
class UnitEconomics:
    """All tenants in a range of days; amounts in `currency`."""

    currency: str
    figures: Figures
    movement: Movement
    churn_ratio: Decimal | None
    free_to_paid_ratio: Decimal | None
    average_lifetime_value: Decimal | None
    average_payback_months: Decimal | None
    unconverted: Sequence[str]


async def read_tiers(tx: Transaction, *, now: datetime) -> list[TierEconomics]:
    """Every published plan, and the retired ones that a tenant holds, by name and version."""
    today = now.astimezone(UTC).date()
    month = today.replace(day=1)
    before, to_date = Days((month - timedelta(days=1)).replace(day=1), month), Days(month, today + timedelta(days=1))
    conversion = Conversion(await read_current_card(tx))
    records = await _read(tx, None, Days(before.first, to_date.until))
    last_month, month_to_date = (_by_plan(rate(records, days, conversion)) for days in (before, to_date))
    found = []
    for row in await tx.rows(_PLANS, now):
        plan = plan_row(row)
        if plan.state is PlanState.PUBLISHED or row["tenants"]:
            worst, last = worst_case(plan, conversion), last_month.get(plan.id, Figures())
            figures = (worst, last, month_to_date.get(plan.id, Figures()))
            told = warnings(plan, worst, last, conversion)
            found.append(TierEconomics(plan, row["tenants"], conversion.card.currency, *figures, told))
    return found


async def read_tenant_economics(
    tx: Transaction, tenant_ids: Sequence[UUID], days: Days, *, now: datetime
) -> dict[UUID, TenantEconomics]:
    """Each of these tenants in these days, none of which is to come; churn is that of all tenants."""
    days = _until_now(days, now)
    conversion = Conversion(await read_current_card(tx))
    figures = _by_tenant(rate(await _read(tx, tenant_ids, days), days, conversion))
    customers = await _customers(tx, conversion)
    churned = churn([one for one, _ in customers], days)
    found = {}
    for customer, entered in customers:
        if customer.id in tenant_ids:
            own = figures.get(customer.id, Figures())
            margin = monthly(own, customer.days_in(days))
            found[customer.id] = TenantEconomics(
                conversion.card.currency,
                own,
                lifetime_value(margin, churned, days),
                entered,
                payback_months(customer.acquisition_cost, margin),
                sorted(conversion.missing),
            )
    return found


async def read_by_plan(
    tx: Transaction, tenant_ids: Sequence[UUID], days: Days, conversion: Conversion
) -> dict[UUID, list[tuple[PlanRow | None, Figures]]]:
    """What each of these tenants brought in and cost, by the plans that it held; without one it only cost."""
    records = await _read(tx, tenant_ids, days)
    plans = {one.plan.id: one.plan for one in records.holdings}
    found: dict[UUID, list[tuple[PlanRow | None, Figures]]] = {tenant_id: [] for tenant_id in tenant_ids}
    for (tenant_id, plan_id), figures in rate(records, days, conversion).items():
        found[tenant_id].append((plans[plan_id] if plan_id else None, figures))
    return found


async def read_unit_economics(tx: Transaction, days: Days, *, now: datetime) -> UnitEconomics:
    """All tenants in these days, none of which is to come."""
    days = _until_now(days, now)
    conversion = Conversion(await read_current_card(tx))
    records = await _read(tx, None, days)
    by_tenant = _by_tenant(rate(records, days, conversion))
    customers = [one for one, _ in await _customers(tx, conversion)]
    whole = sum(by_tenant.values(), Figures())
    churned = churn(customers, days)
    return UnitEconomics(
        conversion.card.currency,
        whole,
        movement(customers, days),
        churned,
        free_to_paid(records.holdings, days),
        lifetime_value(average_margin(whole, customers, days), churned, days),
        average_payback(customers, by_tenant, days),
        sorted(conversion.missing),
    )


async def _read(tx: Transaction, tenant_ids: Sequence[UUID] | None, days: Days) -> Records:
    """Of these tenants, or of all."""
    some = None if tenant_ids is None else list(tenant_ids)
    instants = (first_instant(days.first), first_instant(days.until))
    holdings = await tx.rows(_HOLDINGS, some, instants[1])
    charges = await tx.rows(_CHARGES, some, days.first, days.until)
    prices = await tx.rows(_PRICES, some, days.first, days.until, [TOTAL, *MESSAGE_CATEGORIES])
    credits_used = await tx.rows(_CREDITS, some, *instants)
    return Records(
        [tenant_plan_row(row) for row in holdings],
        [Charge(*row) for row in charges],
        [ProviderPrice(*row) for row in prices],
        [CreditUse(*row) for row in credits_used],
    )


async def _customers(tx: Transaction, conversion: Conversion) -> list[tuple[Customer, Money | None]]:
    """All tenants, with the acquisition cost as it was entered."""
    found = []
    for row in await tx.rows(_CUSTOMERS):
        entered = None if row["acquisition_cost"] is None else Money(row["acquisition_cost"], row["currency"])
        cost = None if entered is None else conversion.into_card(entered.amount, entered.currency)
        found.append((Customer(row["id"], row["created_at"], row["closed_at"], cost), entered))
    return found


def _until_now(days: Days, now: datetime) -> Days:
    """Without days to come: no fee is earned on them yet."""
    until = min(days.until, now.astimezone(UTC).date() + timedelta(days=1))
    return Days(days.first, max(days.first, until))


def _by_plan(rated: Rated) -> dict[UUID | None, Figures]:
    return _summed((plan_id, figures) for (_, plan_id), figures in rated.items())


def _by_tenant(rated: Rated) -> dict[UUID, Figures]:
    return _summed((tenant_id, figures) for (tenant_id, _), figures in rated.items())


def _summed(parts: Iterable[tuple[_Key, Figures]]) -> dict[_Key, Figures]:
    found: dict[_Key, Figures] = {}
    for key, figures in parts:
        found[key] = found.get(key, Figures()) + figures
    return found
