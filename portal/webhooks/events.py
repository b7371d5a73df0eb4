"""The events that endpoints can ask for; an event is written with what it tells of, and delivered afterwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from portal.clock import new_id
from portal.database import TenantTransaction


class WebhookEvent(StrEnum):
    """What integrators are told of."""

    MESSAGE_STATUS_CHANGED = "MESSAGE_STATUS_CHANGED"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    ALLOWANCE_THRESHOLD = "ALLOWANCE_THRESHOLD"
    ALERT_RAISED = "ALERT_RAISED"
    INVOICE_ISSUED = "INVOICE_ISSUED"
    WEBHOOK_TEST = "WEBHOOK_TEST"

    @property
    def type(self) -> str:
        """Its name in what is sent, spelt as Standard Webhooks does: `message.status_changed`."""
        noun, _, happened = self.value.lower().partition("_")
        return f"{noun}.{happened}"


_EVERYBODY = frozenset({"OWNER", "ADMINISTRATOR", "DEVELOPER", "BILLING_MANAGER", "SUPPORT"})
_OF_MONEY = frozenset({"OWNER", "ADMINISTRATOR", "BILLING_MANAGER"})
_OF_CONTENT = frozenset({"OWNER", "ADMINISTRATOR", "DEVELOPER"})
# Which roles may see what an event tells: a test holds this to the permissions. An event goes to an endpoint while the
# role of whoever set it up is among them.
SEEN_BY = {
    WebhookEvent.MESSAGE_STATUS_CHANGED: _EVERYBODY,
    WebhookEvent.MESSAGE_RECEIVED: _OF_CONTENT,
    WebhookEvent.ALLOWANCE_THRESHOLD: _EVERYBODY,
    WebhookEvent.ALERT_RAISED: _EVERYBODY,
    WebhookEvent.INVOICE_ISSUED: _OF_MONEY,
    WebhookEvent.WEBHOOK_TEST: _OF_CONTENT,  # those who may set endpoints up
}


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
        "SELECT endpoint.id FROM webhook_endpoint AS endpoint "
        "JOIN membership ON membership.tenant_id = endpoint.tenant_id AND membership.person_id = endpoint.set_by "
        "WHERE endpoint.tenant_id = $1 AND disabled_at IS NULL AND $2 = ANY(events) AND role = ANY($3::text[])",
        tx.tenant_id,
        event.value,
        list(SEEN_BY[event]),
    )
    if endpoints:
        await emit_to(tx, [endpoint["id"] for endpoint in endpoints], event, happened, now=now)


async def emit_to(
    tx: TenantTransaction,
    endpoint_ids: Sequence[UUID],
    event: WebhookEvent,
    happened: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> list[UUID]:
    """Write events with a delivery of each to each of these endpoints; the ids of the deliveries."""
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
    return await queue_deliveries(tx, [(endpoint, id, event) for id in ids for endpoint in endpoint_ids], now=now)


async def queue_deliveries(
    tx: TenantTransaction, asked: Sequence[tuple[UUID, UUID, WebhookEvent]], *, now: datetime
) -> list[UUID]:
    """Have events delivered, each given by its endpoint, its id and its type; the ids of the deliveries."""
    ids = sorted(new_id(now) for _ in asked)
    await tx.execute(
        "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type, due_at, created_at) "
        "SELECT $1, d.id, d.endpoint_id, d.event_id, d.event_type, $2, $2 "
        "FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) AS d (id, endpoint_id, event_id, event_type)",
        tx.tenant_id,
        now,
        ids,
        [endpoint for endpoint, _, _ in asked],
        [event for _, event, _ in asked],
        [kind.value for _, _, kind in asked],
    )
    return ids
