"""API clients in the schema."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from auth.api_client_reading import ApiClientRow, read_api_clients, read_api_clients_by_id
from auth.api_clients import ClientAuthentication
from auth.permissions import Permission, machine_permissions
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.people import Person

READ = requires(Permission.API_CLIENTS_READ)

describe(
    ClientAuthentication,
    "How an API client proves itself at the token endpoint.",
    CLIENT_SECRET_BASIC="Its id and secret in the Authorization header; the usual way.",  # noqa: S106  a description
    CLIENT_SECRET_POST="Its id and secret in the body.",  # noqa: S106  a description
    PRIVATE_KEY_JWT="A short-lived assertion that it signs with its private key, which never leaves it.",
)


@strawberry.type(
    description="A secret of an API client that is still good; the secret itself is shown once.", directives=READ
)
class ApiClientSecret:
    """How one recognises a secret."""

    hint: str = strawberry.field(description="Its last four characters.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(
        description="When it stops being good: set by a rotation; null for the newest one."
    )


@strawberry.type(description="A machine that calls this API.", directives=requires())
class ApiClient(Node):
    """An API client; rows of `auth.api_client_reading` become it by `of`. A machine sees three fields of itself."""

    name: str = strawberry.field(description="The client's name.")
    client_id: str = strawberry.field(description="The client's name at the token endpoint.")
    scopes: list[str] | None = strawberry.field(
        default=None, description="The OAuth scopes that it was made with.", directives=READ
    )
    effective_scopes: list[str] | None = strawberry.field(
        default=None,
        description="The scopes that it has now: capped by what machines may do and by the role of its maker, "
        "and none once it is disabled, expired, or its maker has left.",
        directives=READ,
    )
    authentication: ClientAuthentication | None = strawberry.field(
        default=None, description="How it proves itself.", directives=READ
    )
    created_by: Person | None = strawberry.field(
        default=None, description="Who made it; null once that member has left.", directives=READ
    )
    created_at: datetime | None = strawberry.field(default=None, description="When it was made.", directives=READ)
    last_used_at: datetime | None = strawberry.field(
        default=None, description="When it last got a token; null before that.", directives=READ
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends by itself, if ever.", directives=READ
    )
    disabled_at: datetime | None = strawberry.field(
        default=None, description="When it was disabled, if it was.", directives=READ
    )
    secrets: list[ApiClientSecret] | None = strawberry.field(
        default=None,
        description="Its secrets that are still good; the one that ends first comes first, the newest last.",
        directives=READ,
    )

    @classmethod
    def of(cls, row: ApiClientRow) -> "ApiClient":
        """The client in this row."""
        return cls(
            id=to_global("ApiClient", row.id),
            name=row.name,
            client_id=row.client_id,
            scopes=_scopes(row.permissions),
            effective_scopes=_scopes(row.effective),
            authentication=row.authentication,
            created_by=None if row.created_by is None else Person.of(row.created_by),
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            disabled_at=row.disabled_at,
            secrets=[
                ApiClientSecret(hint=secret.hint, created_at=secret.created_at, expires_at=secret.expires_at)
                for secret in row.secrets
            ],
        )


@strawberry.type(description="An OAuth scope that can be given to an API client.", directives=READ)
class ApiClientScope:
    """A scope and its meaning."""

    name: str = strawberry.field(description="The scope, such as messages:send.")
    description: str = strawberry.field(description="What it lets a client do.")


async def find_api_client(info: Info, given: str) -> ApiClient | None:
    """The API client of this global id, or None."""
    key = from_global("ApiClient", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_api_clients_by_id(tx, [key], now=info.context.now)).get(key)
    return None if row is None else ApiClient.of(row)


@strawberry.type
class ApiClientQueries:
    """The root field that reads API clients."""

    @strawberry.field(description="The tenant's API clients, the oldest first.", directives=READ)
    async def api_clients(self, info: Info) -> list[ApiClient] | None:
        return [ApiClient.of(row) for row in await read_api_clients(info.context.tx, now=info.context.now)]

    @strawberry.field(
        description="The scopes that you can give to an API client: what you may do, of what machines may.",
        directives=READ,
    )
    async def api_client_scopes(self, info: Info) -> list[ApiClientScope] | None:
        given = info.context.permissions & machine_permissions()
        return [ApiClientScope(name=one.scope, description=one.description) for one in Permission if one in given]


def _scopes(permissions: Iterable[Permission]) -> list[str]:
    held = frozenset(permissions)
    return [permission.scope for permission in Permission if permission in held]
