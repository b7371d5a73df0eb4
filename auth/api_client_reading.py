"""The API clients of a tenant as its members see them: never a secret, only how it ends."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.api_clients import ClientAuthentication
from auth.effective import client_permissions
from auth.people import PersonRow
from auth.permissions import Permission, permissions_named
from portal.database import TenantTransaction
from portal.database.connection import Row

_SELECT = """
SELECT api_client.id, client_id, api_client.name, scopes, authentication, created_by, api_client.created_at,
  last_used_at, expires_at, api_client.disabled_at, membership.role,
  person.id AS person_id, person.name AS person_name, email, locale, time_zone
FROM api_client LEFT JOIN (membership JOIN person ON person.id = membership.person_id)
  ON membership.tenant_id = api_client.tenant_id AND membership.person_id = created_by
WHERE api_client.tenant_id = $1
"""


@dataclass(frozen=True, slots=True)
class ApiClientSecretRow:
    """A secret that is still good: its last characters, and when it stops being so."""

    hint: str
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiClientRow:
    """A client; `permissions` are those it was made with, `effective` those that it has now."""

    id: UUID
    client_id: str
    name: str
    permissions: frozenset[Permission]
    effective: frozenset[Permission]
    authentication: ClientAuthentication
    created_by: PersonRow | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    disabled_at: datetime | None
    secrets: tuple[ApiClientSecretRow, ...]


async def read_api_clients(tx: TenantTransaction, *, now: datetime) -> list[ApiClientRow]:
    """All clients, the oldest first."""
    return await _with_secrets(tx, await tx.rows(f"{_SELECT} ORDER BY api_client.id", tx.tenant_id), now)


async def read_api_clients_by_id(
    tx: TenantTransaction, ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, ApiClientRow]:
    """Those of these clients that are there."""
    rows = await tx.rows(f"{_SELECT} AND api_client.id = ANY($2)", tx.tenant_id, list(ids))
    return {client.id: client for client in await _with_secrets(tx, rows, now)} if rows else {}


async def _with_secrets(tx: TenantTransaction, rows: Sequence[Row], now: datetime) -> list[ApiClientRow]:
    secrets = defaultdict(list)
    for secret in await tx.rows(
        "SELECT api_client_id, hint, created_at, expires_at FROM api_client_secret WHERE tenant_id = $1 "
        "AND api_client_id = ANY($2) AND (expires_at IS NULL OR expires_at > $3) ORDER BY expires_at, id",
        *(tx.tenant_id, [row["id"] for row in rows], now),
    ):
        kept = ApiClientSecretRow(secret["hint"], secret["created_at"], secret["expires_at"])
        secrets[secret["api_client_id"]].append(kept)
    return [_client(row, tuple(secrets[row["id"]]), now) for row in rows]


def _client(row: Row, secrets: tuple[ApiClientSecretRow, ...], now: datetime) -> ApiClientRow:
    by = None
    if row["person_id"] is not None:
        by = PersonRow(row["person_id"], row["person_name"], row["email"], row["locale"], row["time_zone"])
    over = row["disabled_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now)
    held = client_permissions(row["scopes"], row["role"], capped=bool(row["created_by"]))
    return ApiClientRow(
        row["id"],
        row["client_id"],
        row["name"],
        permissions_named(row["scopes"]),
        frozenset() if over else held,
        ClientAuthentication(row["authentication"]),
        by,
        row["created_at"],
        row["last_used_at"],
        row["expires_at"],
        row["disabled_at"],
        secrets,
    )
