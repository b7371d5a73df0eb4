"""Idempotency keys: the same key with the same request has one effect, however often and from however many it comes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.problems import refuse

LONGEST_KEY = 255


class IdempotencyProblem(StrEnum):
    """Why a request with a key is not worked on."""

    INVALID = "INVALID"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """What an actor asks for once; `asked` is what makes another request of it, as JSON values."""

    operation: str
    actor: Actor
    key: str
    asked: Mapping[str, Any]

    @property
    def hash(self) -> bytes:
        """What two requests have in common that ask for the same."""
        return hashlib.sha256(orjson.dumps(self.asked, option=orjson.OPT_SORT_KEYS)).digest()


async def find_result(tx: TenantTransaction, request: IdempotentRequest) -> UUID | None:
    """What this very request made before; the key is locked until the transaction ends.

    Raises:
        RefusedError: the key is too long, was used for another request, or the same one is being worked on.
    """
    key = request.key
    if not 1 <= len(key) <= LONGEST_KEY:
        message = f"An idempotency key has 1 to {LONGEST_KEY} characters."
        raise refuse(IdempotencyProblem.INVALID, message, "idempotencyKey")
    name = f"{tx.tenant_id}/{request.operation}/{request.actor.key}/{key}"
    # Holding the key's lock is what "in flight" means: a second insert would only wait.
    if not await tx.value("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", name):
        in_flight = "The same request is being worked on: ask again in a moment, with the same key."
        raise refuse(IdempotencyProblem.IDEMPOTENCY_IN_PROGRESS, in_flight, "idempotencyKey")
    row = await tx.row(
        "SELECT request_hash, result_id, created_at FROM idempotency_key "
        "WHERE tenant_id = $1 AND operation = $2 AND principal = $3 AND key = $4",
        *(tx.tenant_id, request.operation, request.actor.key, key),
    )
    if row is None:
        return None
    if row["request_hash"] != request.hash:
        conflict = f"This key was used for another request at {row['created_at']:%Y-%m-%dT%H:%M:%SZ}: take a new key."
        raise refuse(IdempotencyProblem.IDEMPOTENCY_CONFLICT, conflict, "idempotencyKey")
    result_id: UUID = row["result_id"]
    return result_id


async def was_used(tx: TenantTransaction, operation: str, actor: Actor, key: str) -> bool:
    """Whether a request with this key was worked on, whatever it asked for; one that is being worked on is not."""
    sql = (
        "SELECT EXISTS (SELECT FROM idempotency_key "
        "WHERE tenant_id = $1 AND operation = $2 AND principal = $3 AND key = $4)"
    )
    used: bool = await tx.value(sql, tx.tenant_id, operation, actor.key, key)
    return used


async def keep_result(tx: TenantTransaction, request: IdempotentRequest, result_id: UUID, *, now: datetime) -> None:
    """Remember what the request made, in the transaction that makes it."""
    await tx.execute(
        "INSERT INTO idempotency_key (tenant_id, id, operation, principal, key, request_hash, result_id, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *(tx.tenant_id, new_id(now), request.operation, request.actor.key, request.key, request.hash, result_id, now),
    )
