"""Retention: the oldest links of the chain are deleted with their entries, and a signed checkpoint stands for them."""

from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

import structlog

from portal.audit.chain import Checkpoint, Seal, signed_by
from portal.audit.sealing import chain_of, take_chain
from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.encryption import Signer

RETENTION = timedelta(days=400)
_SEALS_AT_ONCE = 20
_TENANTS = "SELECT DISTINCT tenant_id FROM audit_seal WHERE sealed_at < $1 LIMIT 1000"
# What was sealed before then was written before then. The newest seal stays: the next one goes on from it.
_OLDEST = """
SELECT tenant_id, number, entries, previous_hash, hash, signature, sealed_at FROM audit_seal
WHERE tenant_id = $1 AND number < (SELECT max(number) FROM audit_seal WHERE tenant_id = $1)
ORDER BY number LIMIT $2
"""
_CHECKPOINT = "SELECT number, entries FROM audit_checkpoint WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1"
_INSERT = (
    "INSERT INTO audit_checkpoint (tenant_id, id, number, hash, entries, until, created_at, signature) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)

log = structlog.get_logger(__name__)


class BrokenChainError(Exception):
    """A link is not as it was sealed, or one before it is missing: it stays, for `portal audit verify` to name."""

    def __init__(self, number: int) -> None:
        super().__init__(f"seal {number} is not as it was sealed, or one before it is missing")


async def drop_old_entries(database: Database, signer: Signer, clock: Clock) -> int:
    """Delete each tenant's links that are older than the retention, in batches; how many links went."""
    before = clock.now() - RETENTION
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        tenants = [row["tenant_id"] for row in await tx.rows(_TENANTS, before)]
    dropped = 0
    for tenant_id in tenants:
        try:
            while gone := await _drop_batch(database, tenant_id, signer, before, clock.now()):
                dropped += gone
        except Exception as error:  # it is tried again, and no other tenant waits with it
            log.exception("audit_not_dropped", tenant_id=str(tenant_id), error=type(error).__name__)
    return dropped


async def _drop_batch(database: Database, tenant_id: UUID, signer: Signer, before: datetime, now: datetime) -> int:
    async with chain_of(database, tenant_id) as tx:
        return await _drop(tx, signer, before, now)


async def _drop(tx: TenantTransaction, signer: Signer, before: datetime, now: datetime) -> int:
    if not await take_chain(tx):
        return 0
    seals = [Seal(**row) for row in await tx.rows(_OLDEST, tx.tenant_id, _SEALS_AT_ONCE)]
    old = list(takewhile(lambda seal: seal.sealed_at < before, seals))
    if not old:
        return 0
    row = await tx.row(_CHECKPOINT, tx.tenant_id)
    number, entries = (row["number"], row["entries"]) if row else (0, 0)
    for place, seal in enumerate(old, 1):
        # Nobody makes the portal sign away what it did not seal, or what is younger than it says.
        if seal.number != number + place or not signer.has_signed(signed_by(seal), seal.signature):
            raise BrokenChainError(seal.number)
    last = old[-1]
    gone = await tx.execute(
        "DELETE FROM audit_entry WHERE tenant_id = $1 AND seal_number <= $2", tx.tenant_id, last.number
    )
    await tx.execute("DELETE FROM audit_seal WHERE tenant_id = $1 AND number <= $2", tx.tenant_id, last.number)
    await tx.execute("DELETE FROM audit_checkpoint WHERE tenant_id = $1", tx.tenant_id)
    left = Checkpoint(tx.tenant_id, last.number, last.hash, entries + gone, last.sealed_at, now, b"")
    await tx.execute(
        _INSERT,
        *(tx.tenant_id, new_id(now), left.number, left.hash, left.entries, left.until, now),
        signer.sign(signed_by(left)),
    )
    return len(old)
