"""Consents of people, and what is handed out for them: a grant with its code and tokens is a family, and ends as one.

Everything here runs in a transaction in the database role `auth`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin, ClientMixin, TokenMixin

from auth.permissions import Permission
from auth.random_secrets import hash_of
from portal.clock import new_id
from portal.database import Transaction

CODE_LIFETIME = timedelta(seconds=60)
REFRESH_IDLE = timedelta(days=7)
GRANT_LIFETIME = timedelta(days=30)

# Asked with each use: a grant stands while person, membership and application do, under the password of its day.
GRANT_HOLDERS = """
JOIN oauth_application ON oauth_application.client_id = oauth_grant.client_id
JOIN person ON person.id = oauth_grant.person_id
LEFT JOIN (membership JOIN tenant ON tenant.id = membership.tenant_id AND tenant.state <> 'CLOSED')
  ON membership.tenant_id = oauth_grant.tenant_id AND membership.person_id = oauth_grant.person_id
"""
GRANT_STANDS = """(
  oauth_grant.revoked_at IS NULL AND oauth_grant.expires_at > $1
  AND oauth_application.disabled_at IS NULL AND person.disabled_at IS NULL
  AND (person.password_changed_at IS NULL OR person.password_changed_at <= oauth_grant.created_at)
  AND CASE WHEN oauth_application.for_staff THEN person.staff_role IS NOT NULL AND oauth_grant.tenant_id IS NULL
    ELSE person.staff_role IS NULL AND membership.person_id IS NOT NULL END
)"""
_FIND = """
SELECT {table}.*, {table}.expires_at > $1 AND {stands} AS good,
  oauth_grant.id, oauth_grant.person_id, oauth_grant.tenant_id, oauth_grant.scopes
FROM {table} JOIN oauth_grant ON oauth_grant.id = {table}.grant_id {holders}
WHERE {table}.{key} = $2 AND oauth_grant.client_id = $3
"""
_TAKE = "UPDATE {table} SET used_at = $1 WHERE {key} = $2 AND used_at IS NULL"


class Voucher(StrEnum):
    """What a client exchanges for tokens; the value is its table."""

    CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  a table, no secret

    @property
    def sql(self) -> dict[str, str]:
        """What the statements above are filled with."""
        key = "code_hash" if self is Voucher.CODE else "token_hash"
        return {"table": self.value, "key": key, "stands": GRANT_STANDS, "holders": GRANT_HOLDERS}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person let an application do; without a tenant the person is one of the ISV's staff."""

    id: UUID
    client_id: str
    person_id: UUID
    tenant_id: UUID | None
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundVoucher(AuthorizationCodeMixin, TokenMixin):  # type: ignore[misc]  # Authlib ships no types
    """A code or a refresh token of the client that shows it, as Authlib asks for it."""

    kind: Voucher
    hash: bytes = field(repr=False)
    grant: Grant
    used: bool
    good: bool
    redirect_uri: str | None = None
    code_challenge: str | None = field(default=None, repr=False)
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str | None:
        """Where the code was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was consented to, all of it."""
        return " ".join(self.grant.scopes)

    def check_client(self, client: ClientMixin) -> bool:
        """Whether it is this client's."""
        return bool(client.get_client_id() == self.grant.client_id)


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that was made and is not stored yet."""

    code: str = field(repr=False)
    redirect_uri: str
    code_challenge: str = field(repr=False)
    scope: str


async def start_grant(
    tx: Transaction, at: datetime, new: NewCode, *, client_id: str, person_id: UUID, tenant_id: UUID | None
) -> None:
    """Write the consent and its code down."""
    grant_id: UUID = new_id(at)
    await tx.execute(
        "INSERT INTO oauth_grant (id, client_id, person_id, tenant_id, scopes, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(grant_id, client_id, person_id, tenant_id, new.scope.split(" "), at, at + GRANT_LIFETIME),
    )
    await tx.execute(
        "INSERT INTO authorization_code (code_hash, grant_id, redirect_uri, code_challenge, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        *(hash_of(new.code), grant_id, new.redirect_uri, new.code_challenge, at, at + CODE_LIFETIME),
    )


async def find_voucher(
    tx: Transaction, at: datetime, kind: Voucher, secret: str, *, client_id: str
) -> FoundVoucher | None:
    """The code or refresh token, if it is this client's: what another client shows is unknown, and stays as it is."""
    row: Any = await tx.row(_FIND.format(**kind.sql), at, hash_of(secret), client_id)
    if row is None:
        return None
    grant = Grant(row["id"], client_id, row["person_id"], row["tenant_id"], tuple(row["scopes"]))
    used = row["used_at"] is not None
    return FoundVoucher(
        kind, hash_of(secret), grant, used, row["good"], row.get("redirect_uri"), row.get("code_challenge")
    )


async def take_voucher(tx: Transaction, at: datetime, found: FoundVoucher) -> bool:
    """Use it up; of many that do so at once one is told that it did."""
    return await tx.execute(_TAKE.format(**found.kind.sql), at, found.hash) == 1


async def add_refresh_token(tx: Transaction, at: datetime, grant_id: UUID, secret: str) -> None:
    """Store the newest refresh token of a family."""
    await tx.execute(
        "INSERT INTO refresh_token (token_hash, grant_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        *(hash_of(secret), grant_id, at, at + REFRESH_IDLE),
    )


async def revoke_grant(tx: Transaction, at: datetime, grant_id: UUID) -> None:
    """End the family: its tokens are refused from now on."""
    await tx.execute("UPDATE oauth_grant SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL", at, grant_id)


def scopes_of(permissions: frozenset[Permission]) -> list[str]:
    """The scopes of these permissions, in the order of the matrix."""
    return [permission.scope for permission in Permission if permission in permissions]
