"""Usage by day and category, written as it comes about: reading it never counts messages or calls."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from portal.database import TenantTransaction

SMS_OUTBOUND = "sms-outbound"
SMS_INBOUND = "sms-inbound"
MMS_INBOUND = "mms-inbound"
CALLS_INBOUND = "calls-inbound"
CALLS_OUTBOUND = "calls-outbound"


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
