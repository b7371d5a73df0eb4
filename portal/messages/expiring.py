"""Giving up what waited too long: it never left, so it costs nothing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.database import TenantTransaction
from portal.messages.issues import DeliveryIssueCode
from portal.messages.recording import EventSource, News, record
from portal.messages.status import MessageStatus, Standing

_EXPIRED = Standing(MessageStatus.EXPIRED, DeliveryIssueCode.EXPIRED)


async def expire(tx: TenantTransaction, message_ids: Sequence[UUID], *, now: datetime) -> int:
    """End those of these messages that still wait, and give their units back; how many they were."""
    rows = await tx.rows(
        "SELECT id FROM message WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND status = 'QUEUED' "
        "ORDER BY id FOR UPDATE",
        tx.tenant_id,
        list(message_ids),
    )
    await record(tx, [News(row["id"], _EXPIRED, now, EventSource.PORTAL, left=False) for row in rows], now=now)
    return len(rows)
