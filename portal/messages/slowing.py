"""An account that is refused for coming too fast pauses as a whole: exponentially, with full jitter, and comes slower.

Twilio counts requests side by side by account: each message that backed off alone would find the others still at it.
"""

import random
from datetime import datetime, timedelta

from portal.database import TenantTransaction
from portal.messages.pace import longest_pause

_KEPT = timedelta(hours=1)


async def pause_until(tx: TenantTransaction, retry_after: timedelta, *, now: datetime) -> tuple[datetime, int]:
    """When a tenant that was refused just now may go on, and how often in a row that was: a burst counts once."""
    row = await tx.row("SELECT slowed, slowed_until FROM tenant_pace WHERE tenant_id = $1", tx.tenant_id)
    slowed = row["slowed"] if row else 0
    if row and row["slowed_until"] is not None and row["slowed_until"] > now:
        return max(row["slowed_until"], now + retry_after), slowed
    jitter = random.random()  # noqa: S311  no secret: accounts that were refused together do not come back in step
    return now + max(longest_pause(slowed + 1) * jitter, retry_after), slowed + 1


async def slow_down(tx: TenantTransaction, until: datetime, slowed: int, times: int, *, now: datetime) -> None:
    """Write it down, and count the refusals of this minute; after all else that the transaction locks."""
    await tx.execute(
        "UPDATE tenant_pace SET slowed = greatest(slowed, $3), slowed_until = greatest(slowed_until, $2) "
        "WHERE tenant_id = $1",
        tx.tenant_id,
        until,
        slowed,
    )
    await tx.execute("DELETE FROM throttling WHERE tenant_id = $1 AND minute < $2", tx.tenant_id, now - _KEPT)
    await tx.execute(
        "INSERT INTO throttling (tenant_id, minute, count) VALUES ($1, $2, $3) "
        "ON CONFLICT (tenant_id, minute) DO UPDATE SET count = throttling.count + excluded.count",
        tx.tenant_id,
        now.replace(second=0, microsecond=0),
        times,
    )


async def speed_up(tx: TenantTransaction, *, now: datetime) -> None:
    """What went well lets the account come a step faster."""
    await tx.execute(
        "UPDATE tenant_pace SET slowed = slowed - 1 WHERE tenant_id = $1 AND slowed > 0 AND slowed_until <= $2",
        tx.tenant_id,
        now,
    )
