"""The clients of the authorization server as Authlib asks for them: a tenant's machines, and applications of others."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from authlib.oauth2.rfc6749.models import ClientMixin

from auth.api_clients import find_api_client
from auth.oauth.authentication_method import AuthenticationMethod
from auth.oauth.redirect_uris import is_registered
from auth.permissions import Permission, permissions_named
from auth.random_secrets import hash_of
from portal.database import Transaction

APPLICATION_PREFIX = "app_"  # a name tells which table to look in: no machine is ever taken for an application
_LONGEST_CLIENT_ID = 100
_APPLICATION = (
    "SELECT client_id, name, redirect_uris, authentication, secret_hash = $2 AS secret_is_right, public_keys, scopes, "
    "for_staff FROM oauth_application WHERE client_id = $1 AND disabled_at IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """A client that may act; whether it proved itself is not said here."""

    grant_types: ClassVar[tuple[str, ...]] = ()

    client_id: str
    authentication: AuthenticationMethod
    secret_is_right: bool
    public_keys: dict[str, Any] | None = field(repr=False)
    permissions: frozenset[Permission]
    for_staff: bool = False

    def get_client_id(self) -> str:
        """The public name of the client."""
        return self.client_id

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether clients of this kind may use it."""
        return grant_type in self.grant_types

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """All that was asked for or, when nothing was, all there is; None refuses: nothing is narrowed in silence."""
        allowed = [permission.scope for permission in Permission if permission in self.permissions]
        asked = set(scope.split(" ")) - {""} if scope else set(allowed)
        if not asked or not asked <= set(allowed):
            return None
        return " ".join(one for one in allowed if one in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineClient(OAuthClient):
    """A tenant's API client; its permissions are under the role that who made it has now."""

    grant_types = ("client_credentials",)

    id: UUID
    tenant_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(OAuthClient):
    """Somebody else's program that acts for a person, after consent."""

    grant_types = ("authorization_code", "refresh_token")

    name: str
    redirect_uris: tuple[str, ...]

    def check_response_type(self, response_type: str) -> bool:
        """Codes alone: what an address hands over is good for nothing by itself (RFC 9700, 2.1.2)."""
        return response_type == "code"

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it is registered, letter by letter."""
        native = self.authentication is AuthenticationMethod.NONE
        return is_registered(redirect_uri, self.redirect_uris, any_loopback_port=native)

    def get_default_redirect_uri(self) -> None:
        """None: the request has to say where to go (RFC 9700, 4.1.3)."""


async def find_client(tx: Transaction, at: datetime, client_id: str, secret: str = "") -> OAuthClient | None:
    """The client of this name; one statement, the same for an unknown name and for a wrong secret."""
    if len(client_id) > _LONGEST_CLIENT_ID or not client_id.isprintable():  # PostgreSQL's text cannot hold a NUL
        return None
    if client_id.startswith(APPLICATION_PREFIX):
        return await _find_application(tx, client_id, secret)
    found = await find_api_client(tx, at, client_id, secret)
    if found is None:
        return None
    return MachineClient(
        client_id=found.client_id,
        authentication=AuthenticationMethod(found.authentication),
        secret_is_right=found.secret_is_right,
        public_keys=found.public_keys,
        permissions=found.permissions,
        id=found.id,
        tenant_id=found.tenant_id,
    )


async def _find_application(tx: Transaction, client_id: str, secret: str) -> Application | None:
    row = await tx.row(_APPLICATION, client_id, hash_of(secret))
    if row is None:
        return None
    return Application(
        client_id=row["client_id"],
        authentication=AuthenticationMethod(row["authentication"]),
        secret_is_right=bool(row["secret_is_right"]),
        public_keys=json.loads(row["public_keys"]) if row["public_keys"] else None,
        permissions=permissions_named(row["scopes"]),
        for_staff=row["for_staff"],
        name=row["name"],
        redirect_uris=tuple(row["redirect_uris"]),
    )
