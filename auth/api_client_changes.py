"""Making, rotating and disabling API clients: never with more than whoever does it may do, and no machine may."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from auth.api_clients import ApiClientTerms, ClientAuthentication, add_api_client, add_secret
from auth.permissions import Permission, machine_permissions, permissions_named
from auth.public_keys import BadKeysError, read_public_keys
from portal.actor import Actor
from portal.database import TenantTransaction
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.problems import refuse

MOST_CLIENTS = 50
MOST_SECRETS = 5
LONGEST_NAME = 100
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
_OPERATION = "apiClientRotate"


class ApiClientProblem(StrEnum):
    """Why a client is not made or changed."""

    INVALID = "INVALID"
    SCOPE_NOT_ALLOWED = "SCOPE_NOT_ALLOWED"
    TOO_MANY_CLIENTS = "TOO_MANY_CLIENTS"
    TOO_MANY_SECRETS = "TOO_MANY_SECRETS"
    NOT_FOUND = "NOT_FOUND"
    DISABLED = "DISABLED"
    HAS_NO_SECRET = "HAS_NO_SECRET"  # noqa: S105  a code


@dataclass(frozen=True, slots=True)
class ApiClientRequest:
    """What is asked for; `public_keys` is as it came."""

    name: str
    scopes: Sequence[str]
    authentication: ClientAuthentication
    public_keys: object = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MadeApiClient:
    """A client just made; without a secret where it has keys."""

    id: UUID
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The new secret, which nobody reads again; None where the same request made it before."""

    secret: str | None = field(repr=False)
    replay: bool


def permissions_allowed(scopes: Sequence[str], held: frozenset[Permission]) -> frozenset[Permission]:
    """What these scopes name, if whoever holds `held` may give all of it to a machine. Pure.

    Raises:
        RefusedError: a scope is unknown, above the giver, or for no machine: one answer, with its place.
    """
    allowed = held & machine_permissions()
    for index, scope in enumerate(scopes):
        if not permissions_named([scope]) & allowed:
            message = "Only what you may do yourself, and what machines may do, can be given to an API client."
            raise refuse(ApiClientProblem.SCOPE_NOT_ALLOWED, message, "scopes", str(index))
    if not scopes:
        raise refuse(ApiClientProblem.INVALID, "Name at least one scope.", "scopes")
    return permissions_named(scopes)


async def make_api_client(
    tx: TenantTransaction, request: ApiClientRequest, *, actor: Actor, held: frozenset[Permission], now: datetime
) -> MadeApiClient:
    """Make a client for a member who holds these permissions.

    Raises:
        RefusedError: something in the request is wrong, or the tenant has as many clients as it may.
    """
    terms = ApiClientTerms(
        _name(request.name),
        permissions_allowed(request.scopes, held),
        actor.id,
        request.authentication,
        _public_keys(request),
        _expiry(request.expires_at, now),
    )
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/api_clients")
    sql = "SELECT count(*) FROM api_client WHERE tenant_id = $1 AND disabled_at IS NULL"
    if await tx.value(sql, tx.tenant_id) >= MOST_CLIENTS:
        message = f"There are {MOST_CLIENTS} API clients: disable one that is no longer used."
        raise refuse(ApiClientProblem.TOO_MANY_CLIENTS, message)
    added = await add_api_client(tx, now, tx.tenant_id, terms)
    if terms.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        return MadeApiClient(added.id, None)
    _, secret = await add_secret(tx, now, tx.tenant_id, added.id)
    return MadeApiClient(added.id, secret)


async def rotate_secret(
    tx: TenantTransaction,
    api_client_id: UUID,
    *,
    key: str,
    overlap: timedelta,
    actor: Actor,
    held: frozenset[Permission],
    now: datetime,
) -> Rotation:
    """Give a client a new secret; those that it has go on for the overlap, so that it need not stop.

    Raises:
        RefusedError: there is no such client, it is disabled, has keys instead or as many secrets as it may, or may
            do more than the actor.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        hours = LONGEST_OVERLAP // timedelta(hours=1)
        raise refuse(ApiClientProblem.INVALID, f"The overlap is 0 to {hours} hours.", "overlapHours")
    asked = {"api_client": str(api_client_id), "overlap": int(overlap.total_seconds())}
    once = IdempotentRequest(_OPERATION, actor, key, asked)
    if await find_result(tx, once) is not None:
        return Rotation(None, replay=True)
    row = await tx.row(
        "SELECT scopes, authentication, disabled_at FROM api_client WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
        *(tx.tenant_id, api_client_id),
    )
    if row is None:
        raise _not_found()
    if row["disabled_at"] is not None:
        raise refuse(ApiClientProblem.DISABLED, "This client is disabled for good: make another.", "id")
    if row["authentication"] == ClientAuthentication.PRIVATE_KEY_JWT:
        raise refuse(ApiClientProblem.HAS_NO_SECRET, "This client has keys and no secret: make another.", "id")
    if not permissions_named(row["scopes"]) & machine_permissions() <= held:  # its secret is its power
        message = "This client may do more than you: ask somebody who may do as much."
        raise refuse(ApiClientProblem.SCOPE_NOT_ALLOWED, message, "id")
    going_on = await tx.execute(
        "UPDATE api_client_secret SET expires_at = least(expires_at, $3) "
        "WHERE tenant_id = $1 AND api_client_id = $2 AND (expires_at IS NULL OR expires_at > $4)",
        *(tx.tenant_id, api_client_id, now + overlap, now),
    )
    if overlap and going_on >= MOST_SECRETS:
        message = f"{going_on} secrets are good at once: wait until one ends, or end them all by an overlap of 0."
        raise refuse(ApiClientProblem.TOO_MANY_SECRETS, message, "overlapHours")
    secret_id, secret = await add_secret(tx, now, tx.tenant_id, api_client_id)
    await keep_result(tx, once, secret_id, now=now)
    return Rotation(secret, replay=False)


async def disable_api_client(tx: TenantTransaction, api_client_id: UUID, *, now: datetime) -> None:
    """Stop a client for good; one that is disabled stays so.

    Raises:
        RefusedError: there is no such client.
    """
    sql = "UPDATE api_client SET disabled_at = coalesce(disabled_at, $3) WHERE tenant_id = $1 AND id = $2"
    if not await tx.execute(sql, tx.tenant_id, api_client_id, now):
        raise _not_found()


def _not_found() -> Exception:
    return refuse(ApiClientProblem.NOT_FOUND, "There is no such API client.", "id")


def _name(given: str) -> str:
    name = given.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise refuse(ApiClientProblem.INVALID, f"A name has 1 to {LONGEST_NAME} printable characters.", "name")
    return name


def _public_keys(request: ApiClientRequest) -> dict[str, object] | None:
    if request.authentication is not ClientAuthentication.PRIVATE_KEY_JWT:
        if request.public_keys is not None:
            message = "Keys are for clients that authenticate by PRIVATE_KEY_JWT."
            raise refuse(ApiClientProblem.INVALID, message, "publicKeys")
        return None
    try:
        return read_public_keys(request.public_keys)
    except BadKeysError as error:
        raise refuse(ApiClientProblem.INVALID, str(error), "publicKeys") from None


def _expiry(given: datetime | None, now: datetime) -> datetime | None:
    if given is not None and given <= now:
        raise refuse(ApiClientProblem.INVALID, "The expiry lies in the past.", "expiresAt")
    return given
