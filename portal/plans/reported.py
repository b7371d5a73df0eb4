"""What usage triggers call back with: it is told, and the provider's records are read; it changes no count.

A trigger is known by what it watches, for it may call back before its reference is written down. Those that the portal
has set for another plan tell nothing any more; of those that others have set, an alert of its own tells.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from portal.alerts.catalogue import AlertKind
from portal.alerts.raising import Occurrence, raise_alerts
from portal.callbacks.applying import Applier, Callback
from portal.database import TenantTransaction
from portal.plans.balances import LockedBalance, lock_balance
from portal.plans.provider import TriggerReport, TriggerReports
from portal.plans.reserving import tell_reached
from portal.plans.thresholds import told_of, watched
from portal.plans.triggers import reached, watches
from portal.usage.periods import Days
from portal.usage.syncing import request_sync

_DAY = timedelta(days=1)


def trigger_applier(reports: TriggerReports) -> Applier:
    """The applier of `USAGE_TRIGGER`; what stops sending is the portal's own count, which this leaves as it is."""

    async def apply(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        heard = [
            (report, min(report.at or callback.received_at, callback.received_at))
            for callback in callbacks
            if (report := reports.read(callback.content))
        ]
        balance = await lock_balance(tx, now=now) if any(report.watch for report, _ in heard) else None
        wanted = watches(balance.plan.terms, balance.own_thresholds) if balance else {}
        known = await _set_by_us(tx, [report for report, _ in heard])
        own, others = [], []
        for report, at in heard:
            percent = reached(wanted, report.watch)
            if percent is not None:
                own.append((percent, at))
            elif report.reference not in known:
                others.append(Occurrence(AlertKind.USAGE_THRESHOLD, report.threshold, report.event, at))
        if balance is not None and own:
            first = min(at for _, at in own).astimezone(UTC).date()
            await request_sync(tx, tx.tenant_id, Days(first, now.astimezone(UTC).date() + _DAY), now=now)
            await _tell(tx, balance, own, now=now)
        await raise_alerts(tx, others, now=now)

    return apply


async def _set_by_us(tx: TenantTransaction, reports: Sequence[TriggerReport]) -> set[str]:
    """Those references that are of triggers that the portal has set, also where they are removed."""
    sql = "SELECT provider_reference FROM usage_trigger WHERE tenant_id = $1 AND provider_reference = ANY($2::text[])"
    rows = await tx.rows(sql, tx.tenant_id, [report.reference for report in reports])
    return {row["provider_reference"] for row in rows}


async def _tell(
    tx: TenantTransaction, balance: LockedBalance, heard: Sequence[tuple[int, datetime]], *, now: datetime
) -> None:
    """Tell of what is reached in the running period and was not told yet: whoever counts, each is told once in it."""
    allowance, own = balance.allowance, balance.own_thresholds
    period, limit, committed = allowance.period, allowance.limit, allowance.position.committed
    highest = max((percent for percent, at in heard if period.start <= at < period.end), default=0)
    told = told_of(limit, committed, balance.told, balance.told_limit, own)
    news = [percent for percent in watched(own) if told < percent <= highest]
    if not news:
        return
    await tx.execute(
        "UPDATE allowance_balance SET told_percent = $3, told_limit = $4 WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, balance.id, highest, limit),
    )
    await tell_reached(tx, balance.id, allowance, news, now=now)
