"""Applications of others: registered by the ISV's operator, disabled by it, never by themselves.

Everything here runs in a transaction in the database role `auth`.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from auth.oauth.authentication_method import AuthenticationMethod
from auth.oauth.clients import APPLICATION_PREFIX
from auth.oauth.grants import scopes_of
from auth.oauth.redirect_uris import check_redirect_uri
from auth.permissions import Permission, StaffRole, staff_permissions
from auth.public_keys import read_public_keys
from auth.random_secrets import hash_of, new_secret
from portal.database import Transaction

_WITH_SECRET = {AuthenticationMethod.CLIENT_SECRET_BASIC, AuthenticationMethod.CLIENT_SECRET_POST}
_LIST = (
    "SELECT client_id, name, authentication, redirect_uris, scopes, for_staff, created_at, disabled_at "
    "FROM oauth_application ORDER BY created_at, client_id"
)


@dataclass(frozen=True, slots=True)
class ApplicationOffer:
    """What an application is to be; `public_keys` is a JSON Web Key Set."""

    name: str
    redirect_uris: Sequence[str]
    permissions: frozenset[Permission]
    authentication: AuthenticationMethod = AuthenticationMethod.NONE
    public_keys: dict[str, Any] | None = None
    for_staff: bool = False


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application just registered, with its secret if it has one: nobody can read that later."""

    client_id: str
    client_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListedApplication:
    """An application as the operator sees it."""

    client_id: str
    name: str
    authentication: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    for_staff: bool
    created_at: datetime
    disabled_at: datetime | None


def permissions_for(*, staff: bool) -> frozenset[Permission]:
    """The most that an application may ask for: what the ISV's staff may do, or what a tenant's members may."""
    if not staff:
        return frozenset(permission for permission in Permission if permission.is_of_tenant)
    support = staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True)
    return support | staff_permissions(StaffRole.ISV_OPERATOR)


async def add_application(tx: Transaction, at: datetime, offer: ApplicationOffer) -> NewApplication:
    """Register it.

    Raises:
        ValueError: what is wrong with the offer, and what would do.
    """
    _check(offer)
    public_keys = None if offer.public_keys is None else read_public_keys(offer.public_keys)
    made = NewApplication(
        f"{APPLICATION_PREFIX}{secrets.token_hex(12)}",
        new_secret("portal_secret_") if offer.authentication in _WITH_SECRET else None,
    )
    await tx.execute(
        "INSERT INTO oauth_application (client_id, name, redirect_uris, authentication, secret_hash, public_keys, "
        "scopes, for_staff, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        made.client_id,
        offer.name.strip(),
        list(offer.redirect_uris),
        offer.authentication,
        hash_of(made.client_secret) if made.client_secret else None,
        json.dumps(public_keys) if public_keys else None,
        scopes_of(offer.permissions),
        offer.for_staff,
        at,
    )
    return made


async def list_applications(tx: Transaction) -> list[ListedApplication]:
    """All of them, the oldest first."""
    rows = [dict(row) for row in await tx.rows(_LIST)]
    return [ListedApplication(**row | {name: tuple(row[name]) for name in ("redirect_uris", "scopes")}) for row in rows]


async def disable_application(tx: Transaction, at: datetime, client_id: str) -> bool:
    """End it: all of its tokens are refused from now on; whether there was such a one."""
    return (
        await tx.execute(
            "UPDATE oauth_application SET disabled_at = $2 WHERE client_id = $1 AND disabled_at IS NULL", client_id, at
        )
        == 1
    )


def _check(offer: ApplicationOffer) -> None:
    if not offer.name.strip() or not offer.name.isprintable():
        raise ValueError("an application needs a name that can be printed")
    if not offer.redirect_uris:
        raise ValueError("an application needs a redirect URI")
    for redirect_uri in offer.redirect_uris:
        check_redirect_uri(redirect_uri)
    if not offer.permissions:
        raise ValueError("an application needs a scope")
    if beyond := offer.permissions - permissions_for(staff=offer.for_staff):
        who = "staff" if offer.for_staff else "tenants"
        raise ValueError(f"no application for {who} may hold {', '.join(scopes_of(beyond))}")
    if (offer.authentication is AuthenticationMethod.PRIVATE_KEY_JWT) is (offer.public_keys is None):
        raise ValueError("public keys go with private_key_jwt, and with nothing else")
