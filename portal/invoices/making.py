"""Makes the invoice of a tenant's month: issued at once, or a draft where something holds it; as often as one likes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson

from portal.clock import new_id
from portal.database import Transaction
from portal.invoices.collecting import take_snapshots
from portal.invoices.invoices import HeldFor
from portal.invoices.issuing import due_on, lock_invoices, take_number
from portal.invoices.rating import Rated, for_tenant, goes_by_cost, rate
from portal.invoices.snapshot import Snapshot
from portal.plans.proration import next_month
from portal.usage.periods import Days
from portal.usage.syncing import is_read


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a tenant's month: how many invoices were issued, and how many are held."""

    issued: int = 0
    held: int = 0


async def make_invoices(tx: Transaction, tenant_id: UUID, month: date, *, now: datetime) -> Made:
    """Make what a tenant owes for a month that is over, an invoice for each currency; in the operator's role.

    One that is issued stays. A draft is made anew. Where nothing is owed there is none.
    """
    # Whoever makes them waits here, so that two never make the same one.
    await lock_invoices(tx, tenant_id)
    rows = await tx.rows(
        "SELECT id, currency, state FROM invoice WHERE tenant_id = $1 AND month = $2 AND state <> 'VOID'",
        *(tenant_id, month),
    )
    kept = {row["currency"] for row in rows if row["state"] != "DRAFT"}
    for row in rows:
        if row["state"] == "DRAFT":
            await tx.execute("DELETE FROM invoice WHERE tenant_id = $1 AND id = $2", tenant_id, row["id"])
    issued = held = 0
    for snapshot in await take_snapshots(tx, tenant_id, month):
        rated = rate(snapshot)
        held_for = await _held_for(tx, snapshot)
        # Where nothing is owed as far as is known, what holds an invoice may still bring something.
        if snapshot.currency in kept or (rated.is_nothing and held_for is None):
            continue
        await _write(tx, snapshot, rated, held_for, now=now)
        issued, held = issued + (held_for is None), held + (held_for is not None)
    return Made(issued, held)


async def _held_for(tx: Transaction, snapshot: Snapshot) -> HeldFor | None:
    """What holds an invoice back, if anything does."""
    tenant_id, month = snapshot.tenant_id, snapshot.month
    sql = "SELECT EXISTS (SELECT FROM invoice WHERE tenant_id = $1 AND month < $2 AND state = 'DRAFT')"
    if await tx.value(sql, tenant_id, month):
        return HeldFor.EARLIER_HELD
    until = next_month(month)
    # What came late of the month before is read with this one, in its first nights.
    adjusted = snapshot.before.plans if snapshot.before else ()
    by_cost = any(goes_by_cost(plan.terms) for plan in (*snapshot.plans, *adjusted))
    if by_cost and not await is_read(tx, tenant_id, Days(month, until)):
        return HeldFor.USAGE_NOT_SYNCED
    unknown = (
        "SELECT EXISTS (SELECT FROM discrepancy WHERE tenant_id = $1 AND day >= $2 AND day < $3 "
        "AND reason = 'UNKNOWN' AND closed_at IS NULL)"
    )
    # What the month before adjusts goes by its days too.
    first = (month - timedelta(days=1)).replace(day=1) if snapshot.before else month
    return HeldFor.DISCREPANCY if await tx.value(unknown, tenant_id, first, until) else None


async def _write(tx: Transaction, snapshot: Snapshot, rated: Rated, held_for: HeldFor | None, *, now: datetime) -> None:
    invoice_id, of_tenant = new_id(now), for_tenant(snapshot)
    lines = [one.line.written() for one in rated.lines]
    # The number is taken last: whoever takes one holds the series until the commit.
    number = await take_number(tx, "INVOICE") if held_for is None else None
    await tx.execute(
        "INSERT INTO invoice (tenant_id, id, number, month, state, currency, total, lines, snapshot, digest, held_for, "
        "generated_at, issued_at, due_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        snapshot.tenant_id,
        invoice_id,
        number,
        snapshot.month,
        "DRAFT" if number is None else "ISSUED",
        snapshot.currency,
        rated.total.amount,
        _json(lines),
        _json(of_tenant.written()),
        of_tenant.digest,
        held_for,
        now,
        None if number is None else now,
        None if number is None else due_on(now),
    )
    costs = [one.operator_written() for one in rated.lines]
    await tx.execute(
        "INSERT INTO invoice_cost (tenant_id, id, cost, currency, lines, snapshot, digest) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(snapshot.tenant_id, invoice_id, rated.cost, snapshot.currency, _json(costs)),
        *(_json(snapshot.written()), snapshot.digest),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
