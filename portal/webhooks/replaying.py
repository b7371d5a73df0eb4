"""Sending again what was sent before, and sending a test."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.clock import ids_at
from portal.database import TenantTransaction
from portal.global_ids import global_id
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.problems import refuse
from portal.webhooks.events import WebhookEvent, emit_to, queue_deliveries

MOST_REPLAYED = 1000
_OPERATION = "webhookReplay"


class ReplayProblem(StrEnum):
    """Why nothing is sent."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    DISABLED = "DISABLED"
    TOO_MANY_DELIVERIES = "TOO_MANY_DELIVERIES"


@dataclass(frozen=True, slots=True)
class ReplayRange:
    """The deliveries to an endpoint that were queued from one instant until another."""

    endpoint_id: UUID
    start: datetime
    end: datetime
    failed_only: bool = True


@dataclass(frozen=True, slots=True)
class Replay:
    """How many events are sent again; None where the same request came before."""

    count: int | None


async def send_test(tx: TenantTransaction, endpoint_id: UUID, *, now: datetime) -> UUID:
    """Have a test delivered to an endpoint, in the way of every event; the delivery's id.

    Raises:
        RefusedError: there is no such endpoint, or it is disabled.
    """
    await _events_of(tx, endpoint_id, "id")
    data = {"endpointId": global_id("WebhookEndpoint", endpoint_id)}
    (delivery_id,) = await emit_to(tx, [endpoint_id], WebhookEvent.WEBHOOK_TEST, [data], now=now)
    return delivery_id


async def replay(
    tx: TenantTransaction,
    asked: UUID | ReplayRange,
    *,
    key: str | None,
    actor: Actor,
    now: datetime,
) -> Replay:
    """Send an event again to its endpoint, or all of a range; receivers know them by the ids that they had.

    Args:
        tx: the tenant's transaction.
        asked: a delivery's id, or a range.
        key: with it the same request has one effect, however often it comes.
        actor: who asks.
        now: the present instant.

    Raises:
        RefusedError: there is no such delivery or endpoint, it is disabled, or the range holds too many.
    """
    once = None if key is None else IdempotentRequest(_OPERATION, actor, key, _as_json(asked))
    if once is not None and await find_result(tx, once) is not None:
        return Replay(None)
    found = await (_of_range(tx, asked) if isinstance(asked, ReplayRange) else _of_one(tx, asked))
    await queue_deliveries(tx, found, now=now)
    if once is not None:
        await keep_result(tx, once, asked.endpoint_id if isinstance(asked, ReplayRange) else asked, now=now)
    return Replay(len(found))


async def _of_one(tx: TenantTransaction, delivery_id: UUID) -> list[tuple[UUID, UUID, WebhookEvent]]:
    row = await tx.row(
        "SELECT endpoint_id, event_id, event_type FROM webhook_delivery WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, delivery_id),
    )
    if row is None:
        raise refuse(ReplayProblem.NOT_FOUND, "There is no such delivery.", "deliveryId")
    event = WebhookEvent(row["event_type"])
    if event not in {*await _events_of(tx, row["endpoint_id"], "deliveryId"), WebhookEvent.WEBHOOK_TEST}:
        raise refuse(ReplayProblem.INVALID, f"The endpoint does not ask for {event} any more.", "deliveryId")
    return [(row["endpoint_id"], row["event_id"], event)]


async def _of_range(tx: TenantTransaction, asked: ReplayRange) -> list[tuple[UUID, UUID, WebhookEvent]]:
    events = await _events_of(tx, asked.endpoint_id, "endpointId")
    if asked.start >= asked.end:
        raise refuse(ReplayProblem.INVALID, "The range ends before it begins.", "range")
    rows = await tx.rows(
        "SELECT DISTINCT event_id, event_type FROM webhook_delivery AS delivery "
        "WHERE tenant_id = $1 AND endpoint_id = $2 AND created_at >= $3 AND created_at < $4 AND id BETWEEN $5 AND $6 "
        "AND event_type = ANY($7::text[]) AND NOT ($8 AND EXISTS (SELECT 1 FROM webhook_delivery AS other "
        "WHERE other.tenant_id = $1 AND other.endpoint_id = $2 AND other.event_id = delivery.event_id "
        "AND other.failed_at IS NULL)) ORDER BY event_id LIMIT $9",
        tx.tenant_id,
        asked.endpoint_id,
        asked.start,
        asked.end,
        ids_at(asked.start)[0],
        ids_at(asked.end)[1],
        events,
        asked.failed_only,
        MOST_REPLAYED + 1,
    )
    if len(rows) > MOST_REPLAYED:
        message = f"The range holds more than {MOST_REPLAYED:,} events: choose a shorter one, and go on behind it."
        raise refuse(ReplayProblem.TOO_MANY_DELIVERIES, message, "range")
    return [(asked.endpoint_id, row["event_id"], WebhookEvent(row["event_type"])) for row in rows]


async def _events_of(tx: TenantTransaction, endpoint_id: UUID, *path: str) -> list[str]:
    """The events that an endpoint asks for; refuses where nothing goes there."""
    sql = "SELECT events, disabled_at FROM webhook_endpoint WHERE tenant_id = $1 AND id = $2"
    row = await tx.row(sql, tx.tenant_id, endpoint_id)
    if row is None:
        raise refuse(ReplayProblem.NOT_FOUND, "There is no such endpoint.", *path)
    if row["disabled_at"] is not None:
        raise refuse(ReplayProblem.DISABLED, "The endpoint is disabled: enable it first.", *path)
    events: list[str] = row["events"]
    return events


def _as_json(asked: UUID | ReplayRange) -> dict[str, str | bool]:
    if isinstance(asked, UUID):
        return {"delivery": str(asked)}
    return {
        "endpoint": str(asked.endpoint_id),
        "start": asked.start.isoformat(),
        "end": asked.end.isoformat(),
        "failed_only": asked.failed_only,
    }
