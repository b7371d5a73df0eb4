"""Reading endpoints, without their secrets, and the log of deliveries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson

from portal.clock import ids_at
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.webhooks.events import SEEN_BY, WebhookEvent
from portal.webhooks.signing import payload

_NEWEST_FIRST = Keyset("created-", descending=True)


class DisabledReason(StrEnum):
    """Why an endpoint gets nothing."""

    BY_HAND = "BY_HAND"
    GONE = "GONE"
    FAILING = "FAILING"


class DeliveryState(StrEnum):
    """How far a delivery is."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint; `effective` are the events that it gets now, `secrets` when each was made and when it ends."""

    id: UUID
    url: str
    description: str | None
    events: tuple[WebhookEvent, ...]
    effective: tuple[WebhookEvent, ...]
    set_by_name: str
    created_at: datetime
    updated_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    secrets: tuple[tuple[datetime, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery with what is sent; `request` is the body, byte for byte."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event: WebhookEvent
    attempts: int
    due_at: datetime | None
    last_tried_at: datetime | None
    last_status: int | None
    last_problem: str | None
    delivered_at: datetime | None
    failed_at: datetime | None
    created_at: datetime
    request: str
    response: str | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; None asks for all."""

    endpoint_id: UUID | None = None
    events: tuple[WebhookEvent, ...] | None = None
    state: DeliveryState | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


_ENDPOINTS = (
    "SELECT endpoint.id, url, description, events, set_by_name, endpoint.created_at, updated_at, failing_since, "
    "disabled_at, disabled_reason, role FROM webhook_endpoint AS endpoint LEFT JOIN membership "
    "ON membership.tenant_id = endpoint.tenant_id AND membership.person_id = endpoint.set_by "
    "WHERE endpoint.tenant_id = $1"
)
_COLUMNS = (
    "delivery.id, delivery.endpoint_id, delivery.event_id, delivery.event_type, delivery.attempts, delivery.due_at, "
    "delivery.last_tried_at, delivery.last_status, delivery.last_problem, delivery.delivered_at, delivery.failed_at, "
    "delivery.created_at, delivery.response, event.data, event.at"
)
_SOURCE = (
    "webhook_delivery AS delivery JOIN webhook_event AS event "
    "ON event.tenant_id = delivery.tenant_id AND event.id = delivery.event_id"
)
_STATES = {
    DeliveryState.PENDING: "delivery.delivered_at IS NULL AND delivery.failed_at IS NULL",
    DeliveryState.DELIVERED: "delivery.delivered_at IS NOT NULL",
    DeliveryState.FAILED: "delivery.failed_at IS NOT NULL",
}


async def read_endpoints(tx: TenantTransaction, *, now: datetime) -> list[EndpointRow]:
    """All endpoints, the oldest first."""
    return await _with_secrets(tx, await tx.rows(f"{_ENDPOINTS} ORDER BY endpoint.id", tx.tenant_id), now)


async def read_endpoints_by_id(tx: TenantTransaction, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, EndpointRow]:
    """Those of these endpoints that the tenant has."""
    rows = await tx.rows(f"{_ENDPOINTS} AND endpoint.id = ANY($2::uuid[])", tx.tenant_id, list(ids))
    return {endpoint.id: endpoint for endpoint in await _with_secrets(tx, rows, now)} if rows else {}


async def read_deliveries(tx: TenantTransaction, request: PageRequest, only: DeliveryFilter) -> Page[DeliveryRow]:
    """A page of deliveries, the newest first."""
    conditions = ["delivery.tenant_id = $1"]
    arguments: list[object] = [tx.tenant_id]

    def narrow(condition: str, value: object) -> None:
        arguments.append(value)
        conditions.append(condition.format(f"${len(arguments)}"))

    if only.endpoint_id is not None:
        narrow("delivery.endpoint_id = {}", only.endpoint_id)
    if only.events is not None:
        narrow("delivery.event_type = ANY({}::text[])", [event.value for event in only.events])
    if only.state is not None:
        conditions.append(_STATES[only.state])
    # By the ids too, which tell the partitions and the place in their index.
    if only.created_from is not None:
        narrow("delivery.created_at >= {}", only.created_from)
        narrow("delivery.id >= {}", ids_at(only.created_from)[0])
    if only.created_until is not None:
        narrow("delivery.created_at < {}", only.created_until)
        narrow("delivery.id <= {}", ids_at(only.created_until)[1])
    listing = Listing(_COLUMNS, _SOURCE, "delivery.id", conditions, arguments)
    return await read_page(tx, listing, _NEWEST_FIRST, request, _delivery)


async def read_deliveries_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, DeliveryRow]:
    """Those of these deliveries that the tenant has."""
    sql = f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE delivery.tenant_id = $1 AND delivery.id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _delivery(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def _with_secrets(tx: TenantTransaction, rows: Sequence[Row], now: datetime) -> list[EndpointRow]:
    secrets = defaultdict(list)
    for secret in await tx.rows(
        "SELECT endpoint_id, created_at, expires_at FROM webhook_secret WHERE tenant_id = $1 "
        "AND endpoint_id = ANY($2::uuid[]) AND (expires_at IS NULL OR expires_at > $3) ORDER BY expires_at, id",
        *(tx.tenant_id, [row["id"] for row in rows], now),
    ):
        secrets[secret["endpoint_id"]].append((secret["created_at"], secret["expires_at"]))
    return [_endpoint(row, tuple(secrets[row["id"]])) for row in rows]


def _endpoint(row: Row, secrets: tuple[tuple[datetime, datetime | None], ...]) -> EndpointRow:
    events = tuple(WebhookEvent(event) for event in row["events"])
    gets = row["disabled_at"] is None
    return EndpointRow(
        row["id"],
        row["url"],
        row["description"],
        events,
        tuple(event for event in events if gets and row["role"] in SEEN_BY[event]),
        row["set_by_name"],
        row["created_at"],
        row["updated_at"],
        row["failing_since"],
        row["disabled_at"],
        DisabledReason(row["disabled_reason"]) if row["disabled_reason"] else None,
        secrets,
    )


def _delivery(row: Row) -> DeliveryRow:
    event = WebhookEvent(row["event_type"])
    return DeliveryRow(
        row["id"],
        row["endpoint_id"],
        row["event_id"],
        event,
        row["attempts"],
        row["due_at"],
        row["last_tried_at"],
        row["last_status"],
        row["last_problem"],
        row["delivered_at"],
        row["failed_at"],
        row["created_at"],
        payload(event, row["at"], orjson.loads(row["data"])),
        row["response"],
    )
