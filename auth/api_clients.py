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
from portal.database import Database, DatabaseRole, Transaction

_HINT = 4
_LONGEST_CLIENT_ID = 100
# A client whose maker's account is disabled has nobody to answer for it.
_STANDING = (
    "JOIN tenant ON tenant.id = api_client.tenant_id AND tenant.state <> 'CLOSED' "
    "LEFT JOIN person ON person.id = api_client.created_by "
    "LEFT JOIN membership ON membership.tenant_id = api_client.tenant_id "
    "AND membership.person_id = api_client.created_by "
    "WHERE api_client.disabled_at IS NULL AND person.disabled_at IS NULL "
)
_NAME = f"SELECT api_client.name FROM api_client {_STANDING} AND api_client.tenant_id = $1 AND api_client.id = $2"  # noqa: S608  constants
_BY_SECRET = (
    "SELECT api_client.id, api_client.tenant_id, api_client.client_id, scopes, created_by, role "  # noqa: S608  constants
    "FROM api_client_lookup JOIN api_client ON api_client.tenant_id = api_client_lookup.tenant_id "
    "AND api_client.id = api_client_lookup.api_client_id "
    "JOIN api_client_secret ON api_client_secret.tenant_id = api_client.tenant_id "
    f"AND api_client_secret.api_client_id = api_client.id {_STANDING}"
    "AND api_client_lookup.client_id = $1 AND secret_hash = $2 "
    "AND (api_client_secret.expires_at IS NULL OR api_client_secret.expires_at > $3)"
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
class ProvenApiClient:
    """A client that showed its secret, and what its token may name now."""

    id: UUID
    tenant_id: UUID
    client_id: str
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


async def prove_api_client(database: Database, at: datetime, client_id: str, secret: str) -> ProvenApiClient | None:
    """The client with this id and secret; one statement, the same for an unknown id and for a wrong secret."""
    if len(client_id) > _LONGEST_CLIENT_ID or not client_id.isprintable():  # PostgreSQL's text cannot hold a NUL
        return None
    async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        row = await tx.row(_BY_SECRET, client_id, hash_of(secret), at)
    if row is None:
        return None
    permissions = client_permissions(row["scopes"], row["role"], capped=bool(row["created_by"]))
    return ProvenApiClient(row["id"], row["tenant_id"], row["client_id"], permissions)


async def name_of_api_client(database: Database, tenant_id: UUID, api_client_id: UUID) -> str | None:
    """The name of a client that may still act, or None."""
    async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        name: str | None = await tx.value(_NAME, tenant_id, api_client_id)
    return name
