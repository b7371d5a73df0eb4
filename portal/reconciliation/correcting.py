"""Corrects a tenant's ledgers by what the provider counted of a day and nothing explains: once for each difference."""

from datetime import date, datetime
from uuid import UUID

from portal.database import TenantTransaction
from portal.plans.proration import next_month
from portal.plans.settling import Correction, correct, lock_period
from portal.rates.cards import read_current_card
from portal.reconciliation.books import Read, judge_days
from portal.reconciliation.rules import Compared, DiscrepancyReason, unexplained


def may_be_corrected(day: date, today: date) -> bool:
    """Whether an invoice is still to come that bills the day, or adjusts it: that of this month or the month before."""
    return today < next_month(next_month(day))


async def correct_day(tx: TenantTransaction, read: Read, *, now: datetime) -> dict[tuple[UUID, date, str], str]:
    """Add what only the provider counted of the one day that was read to the ledgers, or take off what only we counted.

    It judges the day anew once the period's balance is locked: whoever else has corrected it meanwhile, it finds that.

    Returns:
        What was corrected, with the reason that stands in the ledger.
    """
    day = read.days.first
    balance_id = await lock_period(tx, day, now=now)
    if balance_id is None:
        return {}
    done, currency = {}, (await read_current_card(tx)).currency
    for one in await judge_days(tx, [read], now=now):
        wanted = unexplained(one.compared) if one.reason is DiscrepancyReason.UNKNOWN else None
        if wanted is None or one.currency != currency:  # its price would be charged as if it were in the card's
            continue
        category, reason = one.compared.category, _reason(one.compared)
        wish = Correction(day, category, wanted.count, wanted.segments, wanted.cost, reason, one.compared.theirs.as_of)
        if await correct(tx, balance_id, wish, now=now):
            done[tx.tenant_id, day, category] = reason
    return done


def _reason(one: Compared) -> str:
    """For people, the tenant's too: it names no amount of money."""
    theirs = f"the carriers counted {one.theirs.count:,f} messages"
    fees = f" and {one.failed:,f} that failed" if one.more < 0 and one.failed else ""
    return f"Corrected for {one.day}: {theirs}{fees}, the portal {one.ours.count:,}."
