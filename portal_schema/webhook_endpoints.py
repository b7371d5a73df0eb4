"""Webhook endpoints in the schema: where the tenant's own systems hear of events."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.webhooks.events import WebhookEvent
from portal.webhooks.reading import DisabledReason, EndpointRow, read_endpoints, read_endpoints_by_id
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global

READ = requires(Permission.WEBHOOKS_READ)
# What one has to be allowed to see in order to have an event of this type sent somewhere.
TELLS = {
    WebhookEvent.MESSAGE_STATUS_CHANGED: Permission.LOGS_READ,
    WebhookEvent.MESSAGE_RECEIVED: Permission.MESSAGES_READ,
    WebhookEvent.ALLOWANCE_THRESHOLD: Permission.USAGE_READ,
    WebhookEvent.ALERT_RAISED: Permission.ALERTS_READ,
    WebhookEvent.INVOICE_ISSUED: Permission.BILLING_READ,
    WebhookEvent.WEBHOOK_TEST: Permission.WEBHOOKS_WRITE,
}

describe(
    WebhookEvent,
    "What integrators are told of. More values may come: take an unknown one for something that you did not ask for.",
    MESSAGE_STATUS_CHANGED="A message stands elsewhere than before. Needs LOGS_READ.",
    MESSAGE_RECEIVED="Somebody wrote to you. Needs MESSAGES_READ.",
    ALLOWANCE_THRESHOLD="50, 80, 100 or percentages of your own of the allowance are used. Needs USAGE_READ.",
    ALERT_RAISED="A new alert of a kind that goes to webhooks. Needs ALERTS_READ.",
    INVOICE_ISSUED="An invoice was issued. Needs BILLING_READ.",
    WEBHOOK_TEST="A test, sent when somebody asks for one; no endpoint can ask for it.",
)
describe(
    DisabledReason,
    "Why an endpoint gets nothing.",
    BY_HAND="A member disabled it.",
    GONE="It answered 410 Gone.",
    FAILING="It took nothing for a day.",
)


@strawberry.type(description="A signing secret that is still good; the secret itself is shown once.", directives=READ)
class WebhookSecret:
    """How long a secret signs."""

    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(
        description="When it stops signing: set by a rotation; null for the newest one."
    )


@strawberry.type(description="An address of your own that events are sent to.", directives=READ)
class WebhookEndpoint(Node):
    """An endpoint; rows of `portal.webhooks` become it by `of`."""

    url: str = strawberry.field(description="Where events are sent to.")
    description: str | None = strawberry.field(description="What it is for, in your own words.")
    events: list[WebhookEvent] = strawberry.field(description="The events that it asks for.")
    effective_events: list[WebhookEvent] = strawberry.field(
        description="The events that it gets now: of those it asks for, what the role of whoever set it up may see; "
        "none while it is disabled, or once that member has left."
    )
    set_by_name: str = strawberry.field(description="Who set it up, or changed it last.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")
    failing_since: datetime | None = strawberry.field(
        description="Since when it has taken nothing; null while all is well."
    )
    disabled_at: datetime | None = strawberry.field(description="When it was disabled, if it is.")
    disabled_reason: DisabledReason | None = strawberry.field(description="Why it was disabled, if it is.")
    secrets: list[WebhookSecret] = strawberry.field(
        description="Its secrets that sign; the one that ends first comes first, the newest last."
    )

    @classmethod
    def of(cls, row: EndpointRow) -> "WebhookEndpoint":
        """The endpoint in this row."""
        return cls(
            id=to_global("WebhookEndpoint", row.id),
            url=row.url,
            description=row.description,
            events=list(row.events),
            effective_events=list(row.effective),
            set_by_name=row.set_by_name,
            created_at=row.created_at,
            updated_at=row.updated_at,
            failing_since=row.failing_since,
            disabled_at=row.disabled_at,
            disabled_reason=row.disabled_reason,
            secrets=[WebhookSecret(created_at=made, expires_at=ends) for made, ends in row.secrets],
        )


async def find_endpoint(info: Info, given: str) -> WebhookEndpoint | None:
    """The endpoint of this global id, or None."""
    key = from_global("WebhookEndpoint", given)
    return None if key is None else await load_endpoint(info, key)


async def load_endpoint(info: Info, key: UUID) -> WebhookEndpoint | None:
    """One of the tenant's endpoints, or None: one read for all that are asked for side by side."""

    async def load(keys: list[UUID]) -> list[WebhookEndpoint | None]:
        async with info.context.reading() as tx:
            rows = await read_endpoints_by_id(tx, keys, now=info.context.now)
        return [WebhookEndpoint.of(rows[key]) if key in rows else None for key in keys]

    found: WebhookEndpoint | None = await info.context.loader("webhook endpoints", load).load(key)
    return found


@strawberry.type
class WebhookEndpointQueries:
    """The root fields that read endpoints."""

    @strawberry.field(description="The tenant's webhook endpoints, the oldest first.", directives=READ)
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint] | None:
        return [WebhookEndpoint.of(row) for row in await read_endpoints(info.context.tx, now=info.context.now)]

    @strawberry.field(
        description="One webhook endpoint, or null where the tenant has no such endpoint.", directives=READ
    )
    async def webhook_endpoint(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The endpoint's id.")]
    ) -> WebhookEndpoint | None:
        return await find_endpoint(info, id)
