"""API clients: the machines of a tenant, each with an id, a secret and the most that it may do."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from auth.effective import client_permissions
from auth.permissions import Permission, machine_permissions
from auth.random_secrets import hash_of, new_secret
from portal.clock import new_id
from portal.database import Transaction

_HINT = 4
# A client whose maker's account is disabled has nobody to answer for it.
_STANDING = (
    "JOIN tenant ON tenant.id = api_client.tenant_id AND tenant.state <> 'CLOSED' "
    "LEFT JOIN person ON person.id = api_client.created_by "
    "LEFT JOIN membership ON membership.tenant_id = api_client.tenant_id "
    "AND membership.person_id = api_client.created_by "
    "WHERE api_client.disabled_at IS NULL AND person.disabled_at IS NULL "
    "AND (api_client.expires_at IS NULL OR api_client.expires_at > $1) "
)
_NAME = (
    f"SELECT api_client.name FROM api_client {_STANDING} AND api_client.tenant_id = $2 AND api_client.id = $3 "  # noqa: S608  constants
    "AND NOT EXISTS (SELECT FROM revoked_token WHERE jti = $4)"
)
_FIND = (
    "SELECT api_client.id, api_client.tenant_id, api_client.client_id, scopes, created_by, role, authentication, "  # noqa: S608  constants
    "public_keys, EXISTS (SELECT FROM api_client_secret WHERE api_client_secret.tenant_id = api_client.tenant_id "
    "AND api_client_id = api_client.id AND secret_hash = $3 "
    "AND (api_client_secret.expires_at IS NULL OR api_client_secret.expires_at > $1)) AS secret_is_right "
    "FROM api_client_lookup JOIN api_client ON api_client.tenant_id = api_client_lookup.tenant_id "
    f"AND api_client.id = api_client_lookup.api_client_id {_STANDING} AND api_client_lookup.client_id = $2"
)
_USED = (  # a write at most once a minute: many requests at once do not queue for one row
    "UPDATE api_client SET last_used_at = $1::timestamptz WHERE tenant_id = $2 AND id = $3 "
    "AND (last_used_at IS NULL OR last_used_at <= $1::timestamptz - interval '1 minute')"
)


class ClientAuthentication(StrEnum):
    """How a client proves itself at the token endpoint."""

    CLIENT_SECRET_BASIC = "CLIENT_SECRET_BASIC"  # noqa: S105  a name
    CLIENT_SECRET_POST = "CLIENT_SECRET_POST"  # noqa: S105  a name
    PRIVATE_KEY_JWT = "PRIVATE_KEY_JWT"


@dataclass(frozen=True, slots=True)
class ApiClientTerms:
    """What a client is to be; `public_keys` is a JSON Web Key Set (RFC 7517)."""

    name: str
    permissions: frozenset[Permission]
    created_by: UUID | None
    authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_BASIC
    public_keys: Mapping[str, Any] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddedApiClient:
    """A client that was written down."""

    id: UUID
    client_id: str


@dataclass(frozen=True, slots=True)
class NewApiClient:
    """A client just made, with its secret: nobody can read that later."""

    id: UUID
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FoundApiClient:
    """A client that may act, how it has to prove itself, and what its token may name now."""

    id: UUID
    tenant_id: UUID
    client_id: str
    authentication: ClientAuthentication
    secret_is_right: bool
    public_keys: dict[str, Any] | None = field(repr=False)
    permissions: frozenset[Permission]


async def create_api_client(
    tx: Transaction,
    at: datetime,
    *,
    tenant_id: UUID,
    name: str,
    permissions: Iterable[Permission],
    created_by: UUID | None,
) -> NewApiClient:
    """Make a client with a secret; its scopes are capped by the role of `created_by` with each request.

    Raises:
        ValueError: no machine may hold one of the permissions.
    """
    new = await add_api_client(tx, at, tenant_id, ApiClientTerms(name, frozenset(permissions), created_by))
    _, secret = await add_secret(tx, at, tenant_id, new.id)
    return NewApiClient(new.id, new.client_id, secret)


async def add_api_client(tx: Transaction, at: datetime, tenant_id: UUID, terms: ApiClientTerms) -> AddedApiClient:
    """Write a client down that cannot prove itself by a secret yet; for the database roles `auth` and `app`.

    Raises:
        ValueError: no machine may hold one of the permissions.
    """
    if beyond := terms.permissions - machine_permissions():
        raise ValueError(f"no machine may hold {', '.join(sorted(beyond))}")
    new = AddedApiClient(new_id(at), f"client_{secrets.token_hex(12)}")
    await tx.execute(
        "INSERT INTO api_client (tenant_id, id, client_id, name, scopes, authentication, public_keys, created_by, "
        "created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant_id,
        new.id,
        new.client_id,
        terms.name,
        [permission.scope for permission in Permission if permission in terms.permissions],
        terms.authentication,
        None if terms.public_keys is None else orjson.dumps(terms.public_keys).decode(),
        terms.created_by,
        at,
        terms.expires_at,
    )
    await tx.execute(
        "INSERT INTO api_client_lookup (client_id, tenant_id, api_client_id) VALUES ($1, $2, $3)",
        *(new.client_id, tenant_id, new.id),
    )
    return new


async def add_secret(tx: Transaction, at: datetime, tenant_id: UUID, api_client_id: UUID) -> tuple[UUID, str]:
    """Give a client a secret besides those that it has: the secret's id, and the secret."""
    secret_id, secret = new_id(at), new_secret("portal_secret_")
    await tx.execute(
        "INSERT INTO api_client_secret (tenant_id, id, api_client_id, secret_hash, hint, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        *(tenant_id, secret_id, api_client_id, hash_of(secret), secret[-_HINT:], at),
    )
    return secret_id, secret


async def find_api_client(tx: Transaction, at: datetime, client_id: str, secret: str) -> FoundApiClient | None:
    """The client of this name, and whether the secret is one of its own. Database role `auth`."""
    row = await tx.row(_FIND, at, client_id, hash_of(secret))
    if row is None:
        return None
    return FoundApiClient(
        id=row["id"],
        tenant_id=row["tenant_id"],
        client_id=row["client_id"],
        authentication=ClientAuthentication(row["authentication"]),
        secret_is_right=row["secret_is_right"],
        public_keys=orjson.loads(row["public_keys"]) if row["public_keys"] else None,
        permissions=client_permissions(row["scopes"], row["role"], capped=bool(row["created_by"])),
    )


async def write_api_client_used(tx: Transaction, at: datetime, tenant_id: UUID, api_client_id: UUID) -> None:
    """Remember that the client was here. Database role `auth`."""
    await tx.execute(_USED, at, tenant_id, api_client_id)


async def name_of_api_client(
    tx: Transaction, at: datetime, tenant_id: UUID, api_client_id: UUID, jti: str
) -> str | None:
    """The name of a client that may still act with the token of this `jti`, or None. Database role `auth`."""
    name: str | None = await tx.value(_NAME, at, tenant_id, api_client_id, jti)
    return name
