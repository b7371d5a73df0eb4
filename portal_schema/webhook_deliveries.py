"""Webhook deliveries in the schema: the log of what was sent to endpoints."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.webhooks.events import WebhookEvent
from portal.webhooks.reading import DeliveryFilter as Only
from portal.webhooks.reading import DeliveryRow, DeliveryState, read_deliveries, read_deliveries_by_id
from portal.webhooks.signing import webhook_id
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, key_of, to_global
from portal_schema.ranges import DateTimeRange
from portal_schema.webhook_endpoints import READ, WebhookEndpoint, load_endpoint

CONTENT = requires(Permission.MESSAGES_READ)

describe(
    DeliveryState,
    "How far a delivery is.",
    PENDING="It is tried, or will be tried again.",
    DELIVERED="The endpoint took it.",
    FAILED="It was given up; it can be sent again by `webhookReplay`.",
)


@strawberry.type(description="An event on its way to an endpoint, and what that answered last.", directives=READ)
class WebhookDelivery(Node):
    """A delivery; rows of `portal.webhooks` become it by `of`."""

    webhook_id: str = strawberry.field(
        description="The header `webhook-id`: the same for the same event at each attempt, replay and endpoint."
    )
    event: WebhookEvent = strawberry.field(description="What it tells of.")
    attempts: int = strawberry.field(description="How often it was tried.")
    created_at: datetime = strawberry.field(description="When it was queued.")
    last_tried_at: datetime | None = strawberry.field(description="When it was tried last.")
    last_status: int | None = strawberry.field(description="The HTTP status of the last answer.")
    problem: str | None = strawberry.field(description="Why the last attempt got no answer, or why there is none.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is tried next at the latest; null once it was delivered or given up."
    )
    delivered_at: datetime | None = strawberry.field(description="When the endpoint took it.")
    failed_at: datetime | None = strawberry.field(description="When it was given up.")
    request: str | None = strawberry.field(
        description="The body that is sent, to the letter: it is what is signed.", directives=CONTENT
    )
    response: str | None = strawberry.field(
        description="The beginning of the last answer's body, at most 2,048 bytes.", directives=CONTENT
    )
    endpoint_key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: DeliveryRow) -> "WebhookDelivery":
        """The delivery in this row."""
        return cls(
            id=to_global("WebhookDelivery", row.id),
            webhook_id=webhook_id(row.event_id),
            event=row.event,
            attempts=row.attempts,
            created_at=row.created_at,
            last_tried_at=row.last_tried_at,
            last_status=row.last_status,
            problem=row.last_problem,
            next_attempt_at=row.due_at,
            delivered_at=row.delivered_at,
            failed_at=row.failed_at,
            request=row.request,
            response=row.response,
            endpoint_key=row.endpoint_id,
        )

    @strawberry.field(description="Where it goes; null once that endpoint was deleted.", directives=READ)
    async def endpoint(self, info: Info) -> WebhookEndpoint | None:
        return await load_endpoint(info, self.endpoint_key)


@strawberry.type(description="A delivery in a list.", directives=READ)
class WebhookDeliveryEdge:
    """A delivery and its place."""

    cursor: str = strawberry.field(description="The delivery's place in the list.")
    node: WebhookDelivery = strawberry.field(description="The delivery.")


@strawberry.type(description="A page of deliveries.", directives=READ)
class WebhookDeliveryConnection:
    """A Relay connection."""

    edges: list[WebhookDeliveryEdge] = strawberry.field(description="The deliveries with their cursors.")
    nodes: list[WebhookDelivery] = strawberry.field(description="The deliveries alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[DeliveryRow]) -> "WebhookDeliveryConnection":
        """The connection of a page that was read."""
        nodes = [WebhookDelivery.of(row) for row in page.items]
        edges = [
            WebhookDeliveryEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)
        ]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which deliveries; all conditions have to hold.")
class WebhookDeliveryFilter:
    """Conditions; what is left out asks for all."""

    endpoint_id: strawberry.ID | None = strawberry.field(default=None, description="Those to this endpoint.")
    events: list[WebhookEvent] | None = strawberry.field(default=None, description="Those that tell of one of these.")
    state: DeliveryState | None = strawberry.field(default=None, description="Those that are so far.")
    created_in: DateTimeRange | None = strawberry.field(default=None, description="Those queued in this range.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        span = self.created_in
        return Only(
            endpoint_id=key_of("WebhookEndpoint", self.endpoint_id) if self.endpoint_id is not None else None,
            events=tuple(self.events) if self.events is not None else None,
            state=self.state,
            created_from=span.from_ if span else None,
            created_until=span.until if span else None,
        )


async def find_delivery(info: Info, given: str) -> WebhookDelivery | None:
    """The delivery of this global id, or None."""
    key = from_global("WebhookDelivery", given)
    return None if key is None else await load_delivery(info, key)


async def load_delivery(info: Info, key: UUID) -> WebhookDelivery | None:
    """One of the tenant's deliveries, or None."""
    async with info.context.reading() as tx:
        row = (await read_deliveries_by_id(tx, [key])).get(key)
    return None if row is None else WebhookDelivery.of(row)


@strawberry.type
class WebhookDeliveryQueries:
    """The root field that reads deliveries."""

    @strawberry.field(description="What was sent to the tenant's webhook endpoints, the newest first.", directives=READ)
    async def webhook_deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            WebhookDeliveryFilter | None, strawberry.argument(description="Which deliveries; all unless given.")
        ] = None,
    ) -> WebhookDeliveryConnection | None:
        only = Only() if filter is None else filter.narrowed()
        page = await paged(lambda request: read_deliveries(info.context.tx, request, only), first, after, last, before)
        return WebhookDeliveryConnection.of(page)
