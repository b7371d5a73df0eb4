"""Sending tests, and sending events again, in the schema."""

from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.problems import refuse
from portal.webhooks.replaying import ReplayProblem, ReplayRange, replay, send_test
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.ranges import DateTimeRange
from portal_schema.webhook_deliveries import WebhookDelivery, load_delivery
from portal_schema.webhook_endpoint_changes import EndpointId

WRITE = requires(Permission.WEBHOOKS_WRITE)


@strawberry.enum(description="Why no test is sent.")
class WebhookEndpointTestErrorCode(Enum):
    """The problems that `webhookEndpointTest` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such endpoint.")
    DISABLED = strawberry.enum_value("DISABLED", description="It is disabled: enable it first.")


@strawberry.enum(description="Why nothing is sent again.")
class WebhookReplayErrorCode(Enum):
    """The problems that `webhookReplay` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such delivery or endpoint.")
    INVALID = strawberry.enum_value("INVALID", description="What is asked for cannot be sent; the message says why.")
    DISABLED = strawberry.enum_value("DISABLED", description="The endpoint is disabled: enable it first.")
    TOO_MANY_DELIVERIES = strawberry.enum_value(
        "TOO_MANY_DELIVERIES", description="The range holds more than 1,000 events: choose a shorter one."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.type(description="Why no test could be sent.", directives=WRITE)
class WebhookEndpointTestUserError(UserError):
    """One problem."""

    code: WebhookEndpointTestErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why nothing could be sent again.", directives=WRITE)
class WebhookReplayUserError(UserError):
    """One problem."""

    code: WebhookReplayErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `webhookEndpointTest`.", directives=WRITE)
class WebhookEndpointTestPayload:
    """The test's delivery, or errors."""

    errors: list[WebhookEndpointTestUserError] = strawberry.field(description="What is wrong; empty on success.")
    webhook_delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The test on its way; ask for it again to see what became of it."
    )


@strawberry.type(description="The outcome of `webhookReplay`.", directives=WRITE)
class WebhookReplayPayload:
    """How many, or errors."""

    errors: list[WebhookReplayUserError] = strawberry.field(description="What is wrong; empty on success.")
    endpoint_id: strawberry.ID | None = strawberry.field(
        default=None, description="The endpoint whose range is sent again, where a range was given."
    )
    delivery_id: strawberry.ID | None = strawberry.field(
        default=None, description="The delivery that is sent again, where one was given."
    )
    replayed: int | None = strawberry.field(
        default=None, description="How many events are sent again; null when the same request came before."
    )
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether the same request came before and this one sends nothing."
    )


@strawberry.input(description="What to send again: one delivery, or the range of an endpoint.")
class WebhookReplayInput:
    """Either `deliveryId`, or `endpointId` with `range`."""

    delivery_id: strawberry.ID | None = strawberry.field(default=None, description="The delivery to send again.")
    endpoint_id: strawberry.ID | None = strawberry.field(default=None, description="The endpoint of the range.")
    range: DateTimeRange | None = strawberry.field(
        default=None, description="When the deliveries were queued; it may hold at most 1,000 events."
    )
    failed_only: bool = strawberry.field(
        default=True, description="Of a range only those that the endpoint never took, and that no longer wait."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1 to 255 characters of your choice. With it the same request has one effect, however often it "
        "comes; with another request it is refused.",
    )

    def asked(self) -> UUID | ReplayRange:
        """What is asked for, as the business takes it."""
        if self.delivery_id is not None and self.endpoint_id is None and self.range is None:
            return key_of("WebhookDelivery", self.delivery_id)
        if self.delivery_id is None and self.endpoint_id is not None and self.range is not None:
            key = key_of("WebhookEndpoint", self.endpoint_id)
            return ReplayRange(key, self.range.from_, self.range.until, self.failed_only)
        raise refuse(ReplayProblem.INVALID, "Name a delivery, or an endpoint and a range.")


@strawberry.type
class WebhookReplayMutations:
    """The root fields that have something sent."""

    @strawberry.mutation(
        description="Send a test to an endpoint, signed and delivered as every event is.", directives=WRITE
    )
    async def webhook_endpoint_test(self, info: Info, id: EndpointId) -> WebhookEndpointTestPayload | None:
        key = await send_test(info.context.tx, key_of("WebhookEndpoint", id), now=info.context.now)
        return WebhookEndpointTestPayload(webhook_delivery=await load_delivery(info, key), errors=[])

    @strawberry.mutation(
        description="Send events again that were sent before, whatever became of them. They keep their `webhook-id`, "
        "so that a receiver knows what it has already.",
        directives=WRITE,
    )
    async def webhook_replay(
        self,
        info: Info,
        input: Annotated[WebhookReplayInput, strawberry.argument(description="What to send again.")],
    ) -> WebhookReplayPayload | None:
        context = info.context
        done = await replay(
            context.tx, input.asked(), key=input.idempotency_key, actor=context.principal.actor, now=context.now
        )
        return WebhookReplayPayload(
            endpoint_id=input.endpoint_id,
            delivery_id=input.delivery_id,
            replayed=done.count,
            idempotent_replay=done.count is None,
            errors=[],
        )
