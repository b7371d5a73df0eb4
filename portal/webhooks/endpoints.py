"""Setting up where events go: never with more than whoever does it may see."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.encryption import SecretBox
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.problems import refuse
from portal.webhooks.client import WebhookClient
from portal.webhooks.events import WebhookEvent

MOST_ENDPOINTS = 10
MOST_SECRETS = 5
LONGEST_DESCRIPTION = 200
OVERLAP = timedelta(hours=24)
_SECRET_BYTES = 32
_OPERATION = "webhookEndpointRotate"


class EndpointProblem(StrEnum):
    """Why an endpoint is not set up or changed."""

    INVALID = "INVALID"
    URL_NOT_ALLOWED = "URL_NOT_ALLOWED"
    EVENT_NOT_ALLOWED = "EVENT_NOT_ALLOWED"
    TOO_MANY_ENDPOINTS = "TOO_MANY_ENDPOINTS"
    TOO_MANY_SECRETS = "TOO_MANY_SECRETS"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class EndpointSetup:
    """What setting endpoints up takes: the box for their secrets, and who knows where events may go."""

    box: SecretBox
    client: WebhookClient


@dataclass(frozen=True, slots=True)
class Setter:
    """Who sets an endpoint up, and the events whose content they may see."""

    actor: Actor
    sees: frozenset[WebhookEvent]


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What to write; None leaves it as it is."""

    url: str | None = None
    events: Sequence[WebhookEvent] | None = None
    description: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that is told this once; None where the same request made it before."""

    endpoint_id: UUID
    secret: str | None = field(repr=False)

    @property
    def replay(self) -> bool:
        """Whether the same request came before."""
        return self.secret is None


async def create_endpoint(
    tx: TenantTransaction, asked: EndpointChange, by: Setter, setup: EndpointSetup, *, now: datetime
) -> NewSecret:
    """Set an endpoint up, with a first secret.

    Raises:
        RefusedError: no event may go to that address or of that kind, or there are as many endpoints as may be.
    """
    url, events = asked.url or "", _events(asked.events or (), by)
    description = _description(asked.description)
    await _check_url(url, setup)
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/webhook_endpoints")
    if await tx.value("SELECT count(*) FROM webhook_endpoint WHERE tenant_id = $1", tx.tenant_id) >= MOST_ENDPOINTS:
        message = f"There are {MOST_ENDPOINTS} endpoints: delete one that is no longer used."
        raise refuse(EndpointProblem.TOO_MANY_ENDPOINTS, message)
    id = new_id(now)
    await tx.execute(
        "INSERT INTO webhook_endpoint (tenant_id, id, url, description, events, set_by, set_by_name, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        *(tx.tenant_id, id, url, description, [event.value for event in events], by.actor.id, by.actor.name, now),
    )
    return NewSecret(id, await _add_secret(tx, id, setup.box, now=now))


async def update_endpoint(
    tx: TenantTransaction,
    endpoint_id: UUID,
    change: EndpointChange,
    by: Setter,
    setup: EndpointSetup,
    *,
    now: datetime,
) -> None:
    """Change an endpoint: from now on it stands for whoever did this, who has to be allowed to see all that it gets.

    Raises:
        RefusedError: there is no such endpoint, or no event may go to that address or of that kind.
    """
    row = await _locked(tx, endpoint_id)
    events = _events([WebhookEvent(event) for event in row["events"]] if change.events is None else change.events, by)
    url = row["url"] if change.url is None else change.url
    disabled = (row["disabled_at"], row["disabled_reason"])
    if change.enabled is not None and change.enabled != (row["disabled_at"] is None):
        disabled = (None, None) if change.enabled else (now, "BY_HAND")
    if change.url is not None or (row["disabled_at"] is not None and disabled[0] is None):
        await _check_url(url, setup)
    await tx.execute(
        "UPDATE webhook_endpoint SET url = $3, events = $4, description = $5, set_by = $6, set_by_name = $7, "
        "updated_at = $8, disabled_at = $9, disabled_reason = $10, "
        "failing_since = CASE WHEN url = $3 AND disabled_at IS NULL THEN failing_since END "
        "WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        endpoint_id,
        url,
        [event.value for event in events],
        row["description"] if change.description is None else _description(change.description),
        by.actor.id,
        by.actor.name,
        now,
        *disabled,
    )


async def rotate_endpoint_secret(
    tx: TenantTransaction, endpoint_id: UUID, box: SecretBox, *, key: str, actor: Actor, now: datetime
) -> NewSecret:
    """Give an endpoint a new secret; those that it has sign beside it for the overlap, so that nothing is lost.

    Raises:
        RefusedError: there is no such endpoint, it has as many secrets as it may, or the key is another request's.
    """
    once = IdempotentRequest(_OPERATION, actor, key, {"endpoint": str(endpoint_id)})
    if await find_result(tx, once) is not None:
        return NewSecret(endpoint_id, None)
    await _locked(tx, endpoint_id)
    await tx.execute(
        "DELETE FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at <= $3",
        *(tx.tenant_id, endpoint_id, now),
    )
    going_on = await tx.execute(
        "UPDATE webhook_secret SET expires_at = coalesce(expires_at, $3) WHERE tenant_id = $1 AND endpoint_id = $2",
        *(tx.tenant_id, endpoint_id, now + OVERLAP),
    )
    if going_on >= MOST_SECRETS:
        message = f"{going_on} secrets sign at once: wait until one ends, at most 24 hours after it was replaced."
        raise refuse(EndpointProblem.TOO_MANY_SECRETS, message, "id")
    secret = await _add_secret(tx, endpoint_id, box, now=now)
    await keep_result(tx, once, endpoint_id, now=now)
    return NewSecret(endpoint_id, secret)


async def delete_endpoint(tx: TenantTransaction, endpoint_id: UUID) -> None:
    """Delete an endpoint with its secrets; what is not delivered yet is given up, and the log stays.

    Raises:
        RefusedError: there is no such endpoint.
    """
    sql = "DELETE FROM webhook_endpoint WHERE tenant_id = $1 AND id = $2"
    if not await tx.execute(sql, tx.tenant_id, endpoint_id):
        raise _not_found()


async def _locked(tx: TenantTransaction, endpoint_id: UUID) -> Row:
    row = await tx.row(
        "SELECT url, events, description, disabled_at, disabled_reason FROM webhook_endpoint "
        "WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
        *(tx.tenant_id, endpoint_id),
    )
    if row is None:
        raise _not_found()
    return row


async def _add_secret(tx: TenantTransaction, endpoint_id: UUID, box: SecretBox, *, now: datetime) -> str:
    secret = f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
    await tx.execute(
        "INSERT INTO webhook_secret (tenant_id, id, endpoint_id, secret, created_at) VALUES ($1, $2, $3, $4, $5)",
        *(tx.tenant_id, new_id(now), endpoint_id, box.encrypt(secret), now),
    )
    return secret


def _events(given: Sequence[WebhookEvent], by: Setter) -> list[WebhookEvent]:
    """The events, each once, if whoever asks for them may see what they tell."""
    if not given:
        raise refuse(EndpointProblem.INVALID, "Name at least one event.", "events")
    for index, event in enumerate(given):
        if event is WebhookEvent.WEBHOOK_TEST:
            message = "A test is sent when somebody asks for one: leave WEBHOOK_TEST out."
            raise refuse(EndpointProblem.INVALID, message, "events", str(index))
        if event not in by.sees:
            message = f"You may not see what {event} tells: leave it out, or ask somebody who may."
            raise refuse(EndpointProblem.EVENT_NOT_ALLOWED, message, "events", str(index))
    return [event for event in WebhookEvent if event in given]


def _description(given: str | None) -> str | None:
    text = (given or "").strip()
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        message = f"A description has at most {LONGEST_DESCRIPTION} printable characters."
        raise refuse(EndpointProblem.INVALID, message, "description")
    return text or None


async def _check_url(url: str, setup: EndpointSetup) -> None:
    problem = await setup.client.problem_of(url)
    if problem is not None:
        raise refuse(EndpointProblem.URL_NOT_ALLOWED, problem, "url")


def _not_found() -> Exception:
    return refuse(EndpointProblem.NOT_FOUND, "There is no such endpoint.", "id")
