"""Takes the snapshots of a tenant's month: what it held and used, what it bought, and what was billed before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import orjson

from portal.database import Transaction
from portal.invoices.lines import InvoiceLine
from portal.invoices.rating import billed_of
from portal.invoices.snapshot import Billed, CreditPurchase, MonthBefore, Snapshot
from portal.invoices.summing import sum_month
from portal.plans.plans import TENANT_PLAN_COLUMNS, TenantPlanRow, tenant_plan_row
from portal.plans.proration import first_instant, next_month
from portal.pricing.terms import UsageUnit
from portal.rates.cards import read_current_card
from portal.usage.periods import Days
from portal.usage.reading import read_days


async def take_snapshots(tx: Transaction, tenant_id: UUID, month: date) -> list[Snapshot]:
    """The operator's snapshots of a tenant's month, one for each currency that something of it is in."""
    card, before, until = await read_current_card(tx), (month - timedelta(days=1)).replace(day=1), next_month(month)
    held = (await read_held(tx, [tenant_id], until)).get(tenant_id, [])
    days = (await read_days(tx, [tenant_id], Days(before, until), with_money=True))[tenant_id]
    this = sum_month(month, {day: usage for day, usage in days.items() if day >= month}, held, card)
    earlier = sum_month(before, {day: usage for day, usage in days.items() if day < month}, held, card)
    bought = (await read_credits(tx, [tenant_id], Days(month, until))).get(tenant_id, {})
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


async def read_held(tx: Transaction, tenant_ids: Sequence[UUID], until: date) -> dict[UUID, list[TenantPlanRow]]:
    """All plans that these tenants held before this day; a closed tenant holds none from its closing on."""
    rows = await tx.rows(
        f"SELECT {TENANT_PLAN_COLUMNS}, tenant.closed_at FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "JOIN tenant ON tenant.id = tenant_plan.tenant_id "
        "WHERE tenant_plan.tenant_id = ANY($1::uuid[]) AND since < $2 ORDER BY since",
        *(list(tenant_ids), first_instant(until)),
    )
    found: dict[UUID, list[TenantPlanRow]] = {}
    for row in rows:
        one = tenant_plan_row(row)
        ends = min((end for end in (one.until, row["closed_at"]) if end is not None), default=None)
        found.setdefault(one.tenant_id, []).append(replace(one, until=ends))
    return found


async def read_credits(
    tx: Transaction, tenant_ids: Sequence[UUID], days: Days
) -> dict[UUID, dict[str, list[CreditPurchase]]]:
    """What these tenants bought on these days, by currency."""
    found: dict[UUID, dict[str, list[CreditPurchase]]] = {}
    rows = await tx.rows(
        "SELECT tenant_id, id, credits, units, unit, price, currency, purchased_at FROM credit_lot "
        "WHERE tenant_id = ANY($1::uuid[]) AND purchased_at >= $2 AND purchased_at < $3 ORDER BY purchased_at, id",
        *(list(tenant_ids), first_instant(days.first), first_instant(days.until)),
    )
    for row in rows:
        bought = CreditPurchase(
            row["id"], row["credits"], row["units"], UsageUnit(row["unit"]), row["price"], row["purchased_at"]
        )
        found.setdefault(row["tenant_id"], {}).setdefault(row["currency"], []).append(bought)
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
