"""Usage by day and category, written as it comes about: reading it never counts messages or calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction, Transaction
from portal.plans.periods import AllowancePeriod, Period, period_at

SMS_OUTBOUND = "sms-outbound"
SMS_INBOUND = "sms-inbound"
MMS_INBOUND = "mms-inbound"
CALLS_INBOUND = "calls-inbound"
CALLS_OUTBOUND = "calls-outbound"


@dataclass(frozen=True, slots=True)
class Category:
    """What is counted: its name for people, and the units of its count and of its usage."""

    label: str
    count_unit: str
    usage_unit: str


CATEGORIES = {
    SMS_OUTBOUND: Category("Text messages sent", "messages", "segments"),
    SMS_INBOUND: Category("Text messages received", "messages", "segments"),
    MMS_INBOUND: Category("Media messages received", "messages", "segments"),
    CALLS_INBOUND: Category("Calls received", "calls", "minutes"),
    CALLS_OUTBOUND: Category("Calls made", "calls", "minutes"),
}


class UsagePeriod(StrEnum):
    """A period that is usual to ask for, in UTC."""

    TODAY = "TODAY"
    THIS_MONTH = "THIS_MONTH"


class UsageBucketSize(StrEnum):
    """How finely a report is cut."""

    WHOLE = "WHOLE"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    """One category in one period."""

    category: str
    count: int
    usage: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of the report's period."""

    period: Period
    categories: tuple[CategoryTotal, ...]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage in a period, as of an instant."""

    as_of: datetime
    period: Period
    categories: tuple[CategoryTotal, ...]
    buckets: tuple[Bucket, ...]


async def add_usage(
    tx: TenantTransaction, category: str, usage: Sequence[int], *, cost: Decimal = Decimal(0), now: datetime
) -> None:
    """Count what just came about: one number for each message or call, its segments or minutes.

    `cost` is what all of it costs by the rate card, in its currency.
    """
    if not usage:
        return
    await tx.execute(
        "INSERT INTO usage_day (tenant_id, day, category, count, usage, cost, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (tenant_id, day, category) DO UPDATE SET count = usage_day.count + excluded.count, "
        "usage = usage_day.usage + excluded.usage, cost = usage_day.cost + excluded.cost, "
        "updated_at = excluded.updated_at",
        tx.tenant_id,
        now.astimezone(UTC).date(),
        category,
        len(usage),
        sum(usage),
        cost,
        now,
    )


async def read_usage(
    tx: Transaction, tenant_ids: Sequence[UUID], asked: UsagePeriod, size: UsageBucketSize, *, now: datetime
) -> dict[UUID, UsageReport]:
    """Each tenant's report of a period, whole or by day, in one statement; days without usage have empty buckets."""
    period = period_at(AllowancePeriod.DAY if asked is UsagePeriod.TODAY else AllowancePeriod.MONTH, now)
    rows = await tx.rows(
        "SELECT tenant_id, day, category, count, usage FROM usage_day "
        "WHERE tenant_id = ANY($1::uuid[]) AND day >= $2 AND day < $3 ORDER BY day, category",
        list(tenant_ids),
        period.start.date(),
        period.end.date(),
    )
    by_day: dict[UUID, dict[date, list[CategoryTotal]]] = {tenant_id: {} for tenant_id in tenant_ids}
    for row in rows:
        total = CategoryTotal(row["category"], row["count"], row["usage"])
        by_day[row["tenant_id"]].setdefault(row["day"], []).append(total)
    return {tenant_id: _report(period, totals, size, now) for tenant_id, totals in by_day.items()}


def _report(
    period: Period, by_day: Mapping[date, Sequence[CategoryTotal]], size: UsageBucketSize, now: datetime
) -> UsageReport:
    whole = _sum([total for totals in by_day.values() for total in totals])
    if size is UsageBucketSize.WHOLE:
        return UsageReport(now, period, whole, (Bucket(period, whole),))
    days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days)]
    buckets = tuple(
        Bucket(Period(day, day + timedelta(days=1)), tuple(by_day.get(day.date(), ()))) for day in days if day <= now
    )
    return UsageReport(now, period, whole, buckets)


def _sum(totals: Sequence[CategoryTotal]) -> tuple[CategoryTotal, ...]:
    summed: dict[str, CategoryTotal] = {}
    for total in totals:
        before = summed.get(total.category, CategoryTotal(total.category, 0, 0))
        summed[total.category] = CategoryTotal(total.category, before.count + total.count, before.usage + total.usage)
    return tuple(summed[category] for category in sorted(summed))
