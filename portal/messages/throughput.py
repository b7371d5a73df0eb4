"""How fast a tenant may send, how fast it does, and how long what it has in mind would take. It changes nothing."""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from portal.database import TenantTransaction
from portal.messages.pace import Bucket, rate_of, time_to_send

MOST_COUNTED = 100_000  # of what waits: telling a longer queue apart is not worth reading it
_HOUR = timedelta(hours=1)
_SHOWN = Decimal("0.001")
_RATE = (
    "(SELECT plan.throughput FROM tenant_plan JOIN plan ON plan.id = plan_id "
    "WHERE tenant_plan.tenant_id = $1 AND since <= $2 AND (until IS NULL OR until > $2)) AS per_second"
)
_QUEUED = "FROM message WHERE tenant_id = $1 AND status = 'QUEUED' AND due_at IS NOT NULL"


class Throughput(NamedTuple):
    """A tenant's pace, in messages."""

    per_second: Decimal
    used: Decimal  # of what a second brings, now
    queued: int  # MOST_COUNTED stands for more as well
    throttled_last_hour: int


async def read_throughput(tx: TenantTransaction, *, now: datetime) -> Throughput | None:
    """The tenant's pace, in one statement; None before it has a plan."""
    row = await tx.row(
        f"SELECT {_RATE}, tenant_pace.tokens, tenant_pace.counted_at, "  # noqa: S608  constants
        f"(SELECT count(*) FROM (SELECT {_QUEUED} LIMIT $3) AS queue) AS queued, "
        "(SELECT coalesce(sum(count), 0) FROM throttling WHERE tenant_id = $1 AND minute > $4) AS throttled "
        "FROM (SELECT) AS one LEFT JOIN tenant_pace ON tenant_pace.tenant_id = $1",
        tx.tenant_id,
        now,
        MOST_COUNTED,
        now - _HOUR,
    )
    if row is None or row["per_second"] is None:
        return None
    rate, used = row["per_second"], Decimal(0)
    if row["tokens"] is not None:
        bucket = Bucket(rate, row["tokens"], row["counted_at"])
        used = (bucket.capacity - bucket.level(now)).quantize(_SHOWN, ROUND_CEILING)
    return Throughput(rate, used, row["queued"], row["throttled"])


async def expected_duration(
    tx: TenantTransaction, sender: str, *, messages: int, segments: int, now: datetime
) -> timedelta:
    """How long so many more messages from this number take to leave, behind what waits; in one statement.

    It goes by the pace of the tenant's plan and of the number; caps of a day and what carriers add are not in it.
    """
    row = await tx.row(
        f"SELECT {_RATE}, (SELECT segments_per_second FROM number WHERE tenant_id = $1 AND number = $3), "  # noqa: S608  constants
        "count(*) AS messages, coalesce(sum(segments) FILTER (WHERE sender_number = $3), 0) AS segments "
        f"FROM (SELECT sender_number, segments {_QUEUED} LIMIT $4) AS queue",
        tx.tenant_id,
        now,
        sender,
        MOST_COUNTED,
    )
    if row is None or row["per_second"] is None:
        return timedelta()
    by_plan = time_to_send(row["messages"] + messages, row["per_second"])
    by_number = time_to_send(row["segments"] + segments, rate_of(sender, row["segments_per_second"]))
    return max(by_plan, by_number)
