"""Changes of API clients in the schema."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.api_client_changes import ApiClientRequest, disable_api_client, make_api_client, rotate_secret
from auth.api_client_reading import read_api_clients_by_id
from auth.api_clients import ClientAuthentication
from auth.permissions import Permission
from portal_schema.api_clients import ApiClient
from portal_schema.context import Info, RequestContext
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.scalars import Json

WRITE = requires(Permission.API_CLIENTS_WRITE)
ApiClientId = Annotated[strawberry.ID, strawberry.argument(description="The API client's id.")]


@strawberry.enum(description="Why an API client was not made.")
class ApiClientCreateErrorCode(Enum):
    """The problems that `apiClientCreate` can have."""

    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    SCOPE_NOT_ALLOWED = strawberry.enum_value(
        "SCOPE_NOT_ALLOWED", description="A scope is unknown, more than you may do, or more than machines may."
    )
    TOO_MANY_CLIENTS = strawberry.enum_value(
        "TOO_MANY_CLIENTS", description="There are as many clients as may be: disable some."
    )


@strawberry.enum(description="Why an API client got no new secret.")
class ApiClientRotateErrorCode(Enum):
    """The problems that `apiClientRotate` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such API client.")
    INVALID = strawberry.enum_value("INVALID", description="The key or the overlap is too long.")
    DISABLED = strawberry.enum_value("DISABLED", description="It is disabled, and stays so.")
    HAS_NO_SECRET = strawberry.enum_value("HAS_NO_SECRET", description="It proves itself by a key.")
    SCOPE_NOT_ALLOWED = strawberry.enum_value(
        "SCOPE_NOT_ALLOWED", description="The client may do more than you: its secret would give you that."
    )
    TOO_MANY_SECRETS = strawberry.enum_value(
        "TOO_MANY_SECRETS", description="It has as many secrets as may be good at once: wait, or leave no overlap."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.enum(description="Why an API client was not disabled.")
class ApiClientDisableErrorCode(Enum):
    """The problems that `apiClientDisable` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such API client.")


@strawberry.type(description="Why an API client could not be made.", directives=WRITE)
class ApiClientCreateUserError(UserError):
    """One problem."""

    code: ApiClientCreateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an API client could get no new secret.", directives=WRITE)
class ApiClientRotateUserError(UserError):
    """One problem."""

    code: ApiClientRotateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an API client could not be disabled.", directives=WRITE)
class ApiClientDisableUserError(UserError):
    """One problem."""

    code: ApiClientDisableErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `apiClientCreate`.", directives=WRITE)
class ApiClientCreatePayload:
    """The client with its secret, or errors."""

    errors: list[ApiClientCreateUserError] = strawberry.field(description="What is wrong; empty on success.")
    api_client: ApiClient | None = strawberry.field(default=None, description="The new client.")
    secret: str | None = strawberry.field(
        default=None, description="Its secret, shown this once; null for a client with keys."
    )


@strawberry.type(description="The outcome of `apiClientRotate`.", directives=WRITE)
class ApiClientRotatePayload:
    """The client with its new secret, or errors."""

    errors: list[ApiClientRotateUserError] = strawberry.field(description="What is wrong; empty on success.")
    api_client: ApiClient | None = strawberry.field(default=None, description="The client as it is now.")
    secret: str | None = strawberry.field(
        default=None, description="The new secret, shown this once; null when the same request came before."
    )
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether the same request came before and this one changed nothing."
    )


@strawberry.type(description="The outcome of `apiClientDisable`.", directives=WRITE)
class ApiClientDisablePayload:
    """The client, or errors."""

    errors: list[ApiClientDisableUserError] = strawberry.field(description="What is wrong; empty on success.")
    api_client: ApiClient | None = strawberry.field(default=None, description="The client, disabled.")


@strawberry.input(description="An API client to be made.")
class ApiClientCreateInput:
    """What a new client is."""

    name: str = strawberry.field(description="1 to 100 printable characters, for people.")
    scopes: list[str] = strawberry.field(
        description="What it may do, by OAuth scopes such as messages:send: at least one, and no more than you "
        "may do and machines may. It is capped by your own role for as long as it lives."
    )
    authentication: ClientAuthentication = strawberry.field(
        default=ClientAuthentication.CLIENT_SECRET_BASIC, description="How it will prove itself."
    )
    public_keys: Json | None = strawberry.field(
        default=None,
        description="For PRIVATE_KEY_JWT: a JSON Web Key Set (RFC 7517) of at most 5 public keys, for ES256, RS256 "
        "or Ed25519. Never send a private one.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends by itself; never unless given."
    )


@strawberry.type
class ApiClientMutations:
    """The root fields that change API clients."""

    @strawberry.mutation(
        description="Make a machine that calls this API. Its secret is shown in this answer and never again.",
        directives=WRITE,
    )
    async def api_client_create(
        self,
        info: Info,
        input: Annotated[ApiClientCreateInput, strawberry.argument(description="The client.")],
    ) -> ApiClientCreatePayload | None:
        context = info.context
        request = ApiClientRequest(input.name, input.scopes, input.authentication, input.public_keys, input.expires_at)
        made = await make_api_client(
            context.tx, request, actor=context.principal.actor, held=context.permissions, now=context.now
        )
        return ApiClientCreatePayload(api_client=await _read(context, made.id), secret=made.secret, errors=[])

    @strawberry.mutation(
        description="Give an API client a new secret, shown in this answer and never again. Its other secrets go on "
        "for the overlap, so that it need not stop; then they die.",
        directives=WRITE,
    )
    async def api_client_rotate(
        self,
        info: Info,
        id: ApiClientId,
        idempotency_key: Annotated[
            str,
            strawberry.argument(
                description="1 to 255 characters of your choice. The same key with the same request has one effect, "
                "however often it comes; with another request it is refused."
            ),
        ],
        overlap_hours: Annotated[
            int,
            strawberry.argument(description="How long the other secrets stay good, 0 to 168; 0 ends a leaked one now."),
        ] = 24,
    ) -> ApiClientRotatePayload | None:
        context, key = info.context, key_of("ApiClient", id)
        rotation = await rotate_secret(
            context.tx,
            key,
            key=idempotency_key,
            overlap=timedelta(hours=overlap_hours),
            actor=context.principal.actor,
            held=context.permissions,
            now=context.now,
        )
        return ApiClientRotatePayload(
            api_client=await _read(context, key), secret=rotation.secret, idempotent_replay=rotation.replay, errors=[]
        )

    @strawberry.mutation(
        description="Stop an API client for good, from its next request on; its tokens end with it.", directives=WRITE
    )
    async def api_client_disable(self, info: Info, id: ApiClientId) -> ApiClientDisablePayload | None:
        context, key = info.context, key_of("ApiClient", id)
        await disable_api_client(context.tx, key, now=context.now)
        return ApiClientDisablePayload(api_client=await _read(context, key), errors=[])


async def _read(context: RequestContext, key: UUID) -> ApiClient:
    return ApiClient.of((await read_api_clients_by_id(context.tx, [key], now=context.now))[key])
