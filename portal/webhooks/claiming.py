"""Claiming deliveries: which are due, what each sends, and whether it may still go."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.connection import Row
from portal.encryption import SecretBox
from portal.webhooks.events import SEEN_BY, WebhookEvent
from portal.webhooks.signing import payload

LEASE = timedelta(minutes=2)  # longer than a claim takes: who dies meanwhile leaves its deliveries to another
BATCH = 30
_MOST_CLAIMS = 20  # of a delivery that never has an outcome: whoever tries it dies, or its event is no longer kept


@dataclass(frozen=True, slots=True)
class DueEndpoint:
    """An endpoint that has deliveries to be tried."""

    tenant_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker alone tries, until its lease ends."""

    id: UUID
    event_id: UUID
    body: str = field(repr=False)
    attempts: int
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be sent to an endpoint, and the secrets to sign it with."""

    url: str
    secrets: tuple[str, ...] = field(repr=False)
    deliveries: list[Claimed]


async def due_endpoints(
    database: Database, besides: set[DueEndpoint], *, most: int, now: datetime
) -> list[DueEndpoint]:
    """Endpoints of all tenants with deliveries that are due, besides those that are being served."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT DISTINCT delivery.tenant_id, delivery.endpoint_id FROM webhook_delivery AS delivery "
            "JOIN tenant ON tenant.id = delivery.tenant_id WHERE due_at <= $1 AND tenant.state = 'ACTIVE' "
            "AND endpoint_id <> ALL($2::uuid[]) LIMIT $3",
            now,
            [served.id for served in besides],
            most,
        )
    return [DueEndpoint(row["tenant_id"], row["endpoint_id"]) for row in rows]


async def claim(tx: TenantTransaction, endpoint_id: UUID, box: SecretBox, *, now: datetime) -> Claim | None:
    """Claim what is due for an endpoint; what may no longer go there is given up."""
    endpoint = await tx.row(
        "SELECT url, events, disabled_at, role FROM webhook_endpoint AS endpoint LEFT JOIN membership "
        "ON membership.tenant_id = endpoint.tenant_id AND membership.person_id = set_by "
        "WHERE endpoint.tenant_id = $1 AND endpoint.id = $2",
        *(tx.tenant_id, endpoint_id),
    )
    problem = _problem(endpoint)
    goes = [] if endpoint is None or problem else _events_of(endpoint)
    await _give_up(tx, endpoint_id, goes, problem, now=now)
    if not goes or endpoint is None:
        return None
    rows = await _take(tx, endpoint_id, now=now)
    if not rows:
        return None
    secrets = await tx.rows(
        "SELECT secret FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 "
        "AND (expires_at IS NULL OR expires_at > $3) ORDER BY id DESC",
        *(tx.tenant_id, endpoint_id, now),
    )
    deliveries = [
        Claimed(
            row["id"],
            row["event_id"],
            payload(WebhookEvent(row["event_type"]), row["at"], orjson.loads(row["data"])),
            row["attempts"],
            now,
        )
        for row in rows
    ]
    return Claim(endpoint["url"], tuple(box.decrypt(row["secret"]).decode() for row in secrets), deliveries)


async def put_off(tx: TenantTransaction, endpoint_id: UUID, *, now: datetime) -> None:
    """Come back later to an endpoint whose deliveries cannot be claimed: nobody turns in circles for it."""
    await tx.execute(
        "UPDATE webhook_delivery SET due_at = $4 WHERE tenant_id = $1 AND endpoint_id = $2 AND due_at <= $3",
        *(tx.tenant_id, endpoint_id, now, now + LEASE),
    )


def _problem(endpoint: Row | None) -> str | None:
    """Why nothing at all goes to an endpoint."""
    if endpoint is None:
        return "The endpoint was deleted."
    if endpoint["disabled_at"] is not None:
        return "The endpoint is disabled."
    return None


def _events_of(endpoint: Row) -> list[str]:
    """What goes there now: what it asks for, as far as the role of whoever set it up sees it."""
    asked = {*endpoint["events"], WebhookEvent.WEBHOOK_TEST.value}
    return [event.value for event, roles in SEEN_BY.items() if event.value in asked and endpoint["role"] in roles]


async def _give_up(
    tx: TenantTransaction, endpoint_id: UUID, goes: list[str], problem: str | None, *, now: datetime
) -> None:
    await tx.execute(
        "UPDATE webhook_delivery SET due_at = NULL, failed_at = $3, "
        "last_problem = CASE WHEN event_type <> ALL($4::text[]) THEN $5 ELSE $7 END WHERE tenant_id = $1 "
        "AND endpoint_id = $2 AND due_at <= $3 AND (event_type <> ALL($4::text[]) OR attempts >= $6)",
        tx.tenant_id,
        endpoint_id,
        now,
        goes,
        problem or "The endpoint does not ask for this event any more, or whoever set it up may not see it.",
        _MOST_CLAIMS,
        "It was tried again and again without an outcome.",
    )


async def _take(tx: TenantTransaction, endpoint_id: UUID, *, now: datetime) -> list[Row]:
    return await tx.rows(
        "WITH due AS (SELECT id FROM webhook_delivery WHERE tenant_id = $1 AND endpoint_id = $2 AND due_at <= $3 "
        "ORDER BY due_at, id LIMIT $5 FOR UPDATE SKIP LOCKED), "
        "taken AS (UPDATE webhook_delivery AS delivery SET due_at = $4, attempts = attempts + 1, last_tried_at = $3, "
        "first_tried_at = coalesce(first_tried_at, $3) FROM due WHERE delivery.tenant_id = $1 "
        "AND delivery.id = due.id RETURNING delivery.id, event_id, event_type, attempts) "
        "SELECT taken.*, event.data, event.at FROM taken JOIN webhook_event AS event "
        "ON event.tenant_id = $1 AND event.id = taken.event_id ORDER BY taken.id",
        tx.tenant_id,
        endpoint_id,
        now,
        now + LEASE,
        BATCH,
    )
