"""The events that endpoints can ask for; an event is written with what it tells of, and delivered afterwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from portal.clock import new_id
from portal.database import TenantTransaction


class WebhookEvent(StrEnum):
    """What integrators are told of."""

    MESSAGE_STATUS_CHANGED = "MESSAGE_STATUS_CHANGED"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    ALLOWANCE_THRESHOLD = "ALLOWANCE_THRESHOLD"
    ALERT_RAISED = "ALERT_RAISED"


async def emit(
    tx: TenantTransaction, event: WebhookEvent, happened: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Write events of one type for the endpoints that ask for it, in the transaction of what they tell of.

    Args:
        tx: the transaction that changes what the events tell of.
        event: their type.
        happened: the data of each, as JSON values; ids are global ones.
        now: the instant that they are said to have happened at.
    """
    if not happened:
        return
    endpoints = await tx.rows(
        "SELECT id FROM webhook_endpoint WHERE tenant_id = $1 AND disabled_at IS NULL AND $2 = ANY(events)",
        tx.tenant_id,
        event.value,
    )
    if not endpoints:
        return
    ids = sorted(new_id(now) for _ in happened)
    await tx.execute(
        "INSERT INTO webhook_event (tenant_id, id, type, data, at) "
        "SELECT $1, e.id, $2, e.data::jsonb, $3 FROM unnest($4::uuid[], $5::text[]) AS e (id, data)",
        tx.tenant_id,
        event.value,
        now,
        ids,
        [orjson.dumps(data).decode() for data in happened],
    )
    pairs = [(endpoint["id"], id) for id in ids for endpoint in endpoints]
    await tx.execute(
        "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type, due_at, created_at) "
        "SELECT $1, d.id, d.endpoint_id, d.event_id, $2, $3, $3 "
        "FROM unnest($4::uuid[], $5::uuid[], $6::uuid[]) AS d (id, endpoint_id, event_id)",
        tx.tenant_id,
        event.value,
        now,
        sorted(new_id(now) for _ in pairs),
        [endpoint for endpoint, _ in pairs],
        [id for _, id in pairs],
    )
