"""Applies what waits in the inbox, in batches of one tenant and kind; one that cannot be applied stops no other."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog

from portal.callbacks.inbox import CallbackKind
from portal.clock import Clock
from portal.database import Database, DatabaseRole, DatabaseUnavailableError, TenantTransaction
from portal.database.connection import Row

_BATCH = 500
_MOST_GROUPS = 100  # of a tenant and kind, in one round
_MOST_ATTEMPTS = 16  # of one that fails by itself, later and later for 18 hours; then it stays as it came
_WAITING = (
    "SELECT id, kind, message_id, token, fields, received_at FROM callback_inbox "
    "WHERE tenant_id = $1 AND kind = $2 AND applied_at IS NULL "
    "AND (retry_at IS NULL OR retry_at <= $3)"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback as it waits in the inbox."""

    id: UUID
    kind: CallbackKind
    content: Any = field(repr=False)
    received_at: datetime
    message_id: UUID | None
    token: str | None


Applier = Callable[[TenantTransaction, Sequence[Callback], datetime], Awaitable[None]]
"""Applies callbacks of its kind, in the order of their arrival; any order and any repetition end in the same state."""


async def apply_inbox(database: Database, appliers: Mapping[CallbackKind, Applier], clock: Clock) -> int:
    """Apply what waits, a batch of each tenant and kind; how many callbacks were applied."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        waiting = await tx.rows(
            "SELECT tenant_id, kind FROM callback_inbox WHERE applied_at IS NULL "
            "AND (retry_at IS NULL OR retry_at <= $1) AND kind = ANY($2::text[]) "
            "GROUP BY tenant_id, kind ORDER BY min(received_at) LIMIT $3",  # who waits longest is not overtaken
            clock.now(),
            [kind.value for kind in appliers],  # a newer version beside this one may take more
            _MOST_GROUPS,
        )
    applied = 0
    for row in waiting:
        tenant_id, kind = row["tenant_id"], CallbackKind(row["kind"])
        try:
            async with database.for_tenant(tenant_id) as tx:
                applied += await _apply(tx, kind, appliers[kind], clock)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # one of them: the others do not wait for it
            log.exception("callbacks_not_applied", tenant_id=str(tenant_id), kind=kind, error=type(error).__name__)
            applied += await _apply_singly(database, tenant_id, kind, appliers[kind], clock)
    return applied


async def _apply_singly(database: Database, tenant_id: UUID, kind: CallbackKind, apply: Applier, clock: Clock) -> int:
    applied = 0
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        waiting = await tx.rows(f"{_WAITING} ORDER BY id LIMIT {_BATCH}", tenant_id, kind.value, clock.now())
    for row in waiting:
        try:
            async with database.for_tenant(tenant_id) as tx:
                applied += await _apply(tx, kind, apply, clock, only=row["id"])
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is: written down beside it
            async with database.for_tenant(tenant_id) as tx:
                await _set_back(tx, row["id"], kind, type(error).__name__, now=clock.now())
    return applied


async def _apply(
    tx: TenantTransaction, kind: CallbackKind, apply: Applier, clock: Clock, *, only: UUID | None = None
) -> int:
    now = clock.now()
    sql = f"{_WAITING} AND ($4::uuid IS NULL OR id = $4) ORDER BY id LIMIT {_BATCH} FOR UPDATE SKIP LOCKED"
    rows = await tx.rows(sql, tx.tenant_id, kind.value, now, only)
    if not rows:
        return 0
    await apply(tx, [_callback(row) for row in rows], now)
    await tx.execute(
        "UPDATE callback_inbox SET applied_at = $3, problem = NULL WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
        tx.tenant_id,
        [row["id"] for row in rows],
        now,
    )
    return len(rows)


async def _set_back(tx: TenantTransaction, id: UUID, kind: CallbackKind, problem: str, *, now: datetime) -> None:
    """Note the failure: it is tried again later, and after many times it is done with, as far as it will ever be."""
    given_up = await tx.value(
        "UPDATE callback_inbox SET attempts = attempts + 1, problem = $3, "
        "retry_at = $5::timestamptz + interval '1 second' * (1 << (attempts + 1)), "
        "applied_at = CASE WHEN attempts + 1 >= $4 THEN $5::timestamptz END "
        "WHERE tenant_id = $1 AND id = $2 AND applied_at IS NULL RETURNING applied_at",
        tx.tenant_id,
        id,
        problem,
        _MOST_ATTEMPTS,
        now,
    )
    if given_up is not None:
        log.error("callback_given_up", callback_id=str(id), kind=kind, error=problem)


def _callback(row: Row) -> Callback:
    return Callback(
        row["id"],
        CallbackKind(row["kind"]),
        orjson.loads(row["fields"]),
        row["received_at"],
        row["message_id"],
        row["token"],
    )
