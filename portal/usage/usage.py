"""Usage by day and category, written as it comes about: reading it never counts messages or calls."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from portal.database import TenantTransaction

SMS_OUTBOUND = "sms-outbound"
SMS_INBOUND = "sms-inbound"
MMS_OUTBOUND = "mms-outbound"
MMS_INBOUND = "mms-inbound"
CALLS_INBOUND = "calls-inbound"
CALLS_OUTBOUND = "calls-outbound"
LOOKUPS = "lookups"


async def add_usage(
    tx: TenantTransaction, category: str, usage: Sequence[int], *, cost: Decimal = Decimal(0), now: datetime
) -> None:
    """Count what just came about: one number for each message or call, its segments or minutes.

    `cost` is what all of it costs by the rate card, in its currency.
    """
    if usage:
        day = now.astimezone(UTC).date()
        await add_to_day(tx, day, category, count=len(usage), usage=sum(usage), cost=cost, now=now)


async def add_to_day(
    tx: TenantTransaction, day: date, category: str, *, count: int, usage: int, cost: Decimal, now: datetime
) -> None:
    """Add to what is counted of a day; a correction may take off."""
    await tx.execute(
        "INSERT INTO usage_day (tenant_id, day, category, count, usage, cost, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (tenant_id, day, category) DO UPDATE SET count = usage_day.count + excluded.count, "
        "usage = usage_day.usage + excluded.usage, cost = usage_day.cost + excluded.cost, "
        "updated_at = excluded.updated_at",
        tx.tenant_id,
        day,
        category,
        count,
        usage,
        cost,
        now,
    )
