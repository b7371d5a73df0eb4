"""Changes of webhook endpoints in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.webhooks.endpoints import (
    EndpointChange,
    Setter,
    create_endpoint,
    delete_endpoint,
    rotate_endpoint_secret,
    update_endpoint,
)
from portal.webhooks.events import WebhookEvent
from portal_schema.context import Info, RequestContext
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.webhook_endpoints import TELLS, WebhookEndpoint, load_endpoint

WRITE = requires(Permission.WEBHOOKS_WRITE)
EndpointId = Annotated[strawberry.ID, strawberry.argument(description="The endpoint's id.")]


@strawberry.enum(description="Why an endpoint was not made.")
class WebhookEndpointCreateErrorCode(Enum):
    """The problems that `webhookEndpointCreate` can have."""

    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    URL_NOT_ALLOWED = strawberry.enum_value(
        "URL_NOT_ALLOWED", description="No event may go to this address: it has to be public, and reached by HTTPS."
    )
    EVENT_NOT_ALLOWED = strawberry.enum_value("EVENT_NOT_ALLOWED", description="You may not see what this event tells.")
    TOO_MANY_ENDPOINTS = strawberry.enum_value(
        "TOO_MANY_ENDPOINTS", description="There are as many endpoints as may be: delete one."
    )


@strawberry.enum(description="Why an endpoint was not changed.")
class WebhookEndpointUpdateErrorCode(Enum):
    """The problems that `webhookEndpointUpdate` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such endpoint.")
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    URL_NOT_ALLOWED = strawberry.enum_value(
        "URL_NOT_ALLOWED", description="No event may go to this address: it has to be public, and reached by HTTPS."
    )
    EVENT_NOT_ALLOWED = strawberry.enum_value(
        "EVENT_NOT_ALLOWED", description="You may not see what one of its events tells."
    )


@strawberry.enum(description="Why an endpoint got no new secret.")
class WebhookEndpointRotateErrorCode(Enum):
    """The problems that `webhookEndpointRotate` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such endpoint.")
    INVALID = strawberry.enum_value("INVALID", description="The key is too long.")
    TOO_MANY_SECRETS = strawberry.enum_value(
        "TOO_MANY_SECRETS", description="As many secrets sign as may sign at once: wait until one ends."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.enum(description="Why an endpoint was not deleted.")
class WebhookEndpointDeleteErrorCode(Enum):
    """The problems that `webhookEndpointDelete` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such endpoint.")


@strawberry.type(description="Why an endpoint could not be made.", directives=WRITE)
class WebhookEndpointCreateUserError(UserError):
    """One problem."""

    code: WebhookEndpointCreateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an endpoint could not be changed.", directives=WRITE)
class WebhookEndpointUpdateUserError(UserError):
    """One problem."""

    code: WebhookEndpointUpdateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an endpoint could get no new secret.", directives=WRITE)
class WebhookEndpointRotateUserError(UserError):
    """One problem."""

    code: WebhookEndpointRotateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an endpoint could not be deleted.", directives=WRITE)
class WebhookEndpointDeleteUserError(UserError):
    """One problem."""

    code: WebhookEndpointDeleteErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `webhookEndpointCreate`.", directives=WRITE)
class WebhookEndpointCreatePayload:
    """The endpoint with its secret, or errors."""

    errors: list[WebhookEndpointCreateUserError] = strawberry.field(description="What is wrong; empty on success.")
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description="The new endpoint.")
    secret: str | None = strawberry.field(
        default=None, description="The secret that its events are signed with, shown this once: whsec_ and base64."
    )


@strawberry.type(description="The outcome of `webhookEndpointUpdate`.", directives=WRITE)
class WebhookEndpointUpdatePayload:
    """The endpoint, or errors."""

    errors: list[WebhookEndpointUpdateUserError] = strawberry.field(description="What is wrong; empty on success.")
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description="The endpoint as it is now.")


@strawberry.type(description="The outcome of `webhookEndpointRotate`.", directives=WRITE)
class WebhookEndpointRotatePayload:
    """The endpoint with its new secret, or errors."""

    errors: list[WebhookEndpointRotateUserError] = strawberry.field(description="What is wrong; empty on success.")
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description="The endpoint as it is now.")
    secret: str | None = strawberry.field(
        default=None, description="The new secret, shown this once; null when the same request came before."
    )
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether the same request came before and this one changed nothing."
    )


@strawberry.type(description="The outcome of `webhookEndpointDelete`.", directives=WRITE)
class WebhookEndpointDeletePayload:
    """The id of what is gone, or errors."""

    errors: list[WebhookEndpointDeleteUserError] = strawberry.field(description="What is wrong; empty on success.")
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the deleted endpoint.")


@strawberry.input(description="An endpoint to be made.")
class WebhookEndpointCreateInput:
    """What a new endpoint is."""

    url: str = strawberry.field(
        description="Where events are to be sent: an https:// URL on a public address, port 443 or 1024 and above."
    )
    events: list[WebhookEvent] = strawberry.field(
        description="The events it is to get, at least one; you need to be allowed to see what they tell."
    )
    description: str | None = strawberry.field(default=None, description="What it is for, at most 200 characters.")


@strawberry.input(description="A change of an endpoint: what is left out or null stays as it is.")
class WebhookEndpointUpdateInput:
    """What to change."""

    url: str | None = strawberry.field(default=None, description="The new address.")
    events: list[WebhookEvent] | None = strawberry.field(default=None, description="The events that it is to get.")
    description: str | None = strawberry.field(
        default=None, description="What it is for; an empty text takes the description away."
    )
    enabled: bool | None = strawberry.field(
        default=None, description="True has it get events again, from now on; false disables it."
    )


@strawberry.type
class WebhookEndpointMutations:
    """The root fields that change endpoints."""

    @strawberry.mutation(
        description="Have events sent to an address of your own, signed by the Standard Webhooks specification. "
        "The secret is shown in this answer and never again. A tenant has at most 10 endpoints.",
        directives=WRITE,
    )
    async def webhook_endpoint_create(
        self,
        info: Info,
        input: Annotated[WebhookEndpointCreateInput, strawberry.argument(description="The endpoint.")],
    ) -> WebhookEndpointCreatePayload | None:
        context = info.context
        asked = EndpointChange(input.url, input.events, input.description)
        made = await create_endpoint(context.tx, asked, _setter(context), context.endpoint_setup, now=context.now)
        return WebhookEndpointCreatePayload(
            webhook_endpoint=await load_endpoint(info, made.endpoint_id), secret=made.secret, errors=[]
        )

    @strawberry.mutation(
        description="Change an endpoint, disable it, or enable it again. From then on it stands for you: it gets "
        "what your role may see.",
        directives=WRITE,
    )
    async def webhook_endpoint_update(
        self,
        info: Info,
        id: EndpointId,
        input: Annotated[WebhookEndpointUpdateInput, strawberry.argument(description="The change.")],
    ) -> WebhookEndpointUpdatePayload | None:
        context, key = info.context, key_of("WebhookEndpoint", id)
        change = EndpointChange(input.url, input.events, input.description, input.enabled)
        await update_endpoint(context.tx, key, change, _setter(context), context.endpoint_setup, now=context.now)
        return WebhookEndpointUpdatePayload(webhook_endpoint=await load_endpoint(info, key), errors=[])

    @strawberry.mutation(
        description="Give an endpoint a new secret, shown in this answer and never again. For 24 hours events are "
        "signed with the new and the old one, so that nothing is lost meanwhile.",
        directives=WRITE,
    )
    async def webhook_endpoint_rotate(
        self,
        info: Info,
        id: EndpointId,
        idempotency_key: Annotated[
            str,
            strawberry.argument(
                description="1 to 255 characters of your choice. The same key with the same request has one effect, "
                "however often it comes; with another request it is refused."
            ),
        ],
    ) -> WebhookEndpointRotatePayload | None:
        context, key = info.context, key_of("WebhookEndpoint", id)
        made = await rotate_endpoint_secret(
            context.tx,
            key,
            context.endpoint_setup.box,
            key=idempotency_key,
            actor=context.principal.actor,
            now=context.now,
        )
        return WebhookEndpointRotatePayload(
            webhook_endpoint=await load_endpoint(info, key),
            secret=made.secret,
            idempotent_replay=made.replay,
            errors=[],
        )

    @strawberry.mutation(
        description="Delete an endpoint with its secrets. What is not delivered yet is given up; the log stays.",
        directives=WRITE,
    )
    async def webhook_endpoint_delete(self, info: Info, id: EndpointId) -> WebhookEndpointDeletePayload | None:
        await delete_endpoint(info.context.tx, key_of("WebhookEndpoint", id))
        return WebhookEndpointDeletePayload(deleted_id=id, errors=[])


def _setter(context: RequestContext) -> Setter:
    sees = frozenset(event for event, permission in TELLS.items() if permission in context.permissions)
    return Setter(context.principal.actor, sees)
