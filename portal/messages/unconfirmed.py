"""What becomes of the units of messages of which nobody could tell whether they left: the provider's count decides."""

from datetime import datetime

from portal.database import TenantTransaction
from portal.messages.recording import ended_of
from portal.plans.settling import end_reservations

_HELD = (
    "SELECT id, channel, reserved_units, balance_id, batch_id, cost, price, spend_id FROM message WHERE tenant_id = $1 "
    "AND issue = 'UNCONFIRMED' AND reserved_units > 0 "
    "AND first_tried_at >= $2 AND first_tried_at < $3 ORDER BY id FOR UPDATE"
)


async def give_back_unconfirmed(tx: TenantTransaction, start: datetime, until: datetime, *, now: datetime) -> int:
    """Give back what those tried in this time hold; how many they were.

    Those that did leave are in the provider's count of their day, which is settled by now: what it has more than ours
    is then corrected.
    """
    rows = await tx.rows(_HELD, tx.tenant_id, start, until)
    if not rows:
        return 0
    await end_reservations(tx, [ended_of(row, left=False) for row in rows], now=now)
    sql = "UPDATE message SET reserved_units = 0 WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
    await tx.execute(sql, tx.tenant_id, [row["id"] for row in rows])
    return len(rows)
