"""Sealing: what was written becomes a link of the tenant's chain, signed, so that no later change goes unseen.

Who has the whole database can neither forge a link nor leave one out, but can change what is not sealed yet, and cut
the chain's end off. So seals follow soon, and their numbers and hashes go into the worker's log, beyond that reach.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from portal.audit.chain import BEGINNING, Seal, hash_of, signed_by
from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.encryption import Signer

BATCH = 1_000
_TENANTS = "SELECT DISTINCT tenant_id FROM audit_entry WHERE seal_number IS NULL LIMIT 1000"
# Entries that commit late come with an older id; the next seal takes them.
_UNSEALED = "SELECT id, digest FROM audit_entry WHERE tenant_id = $1 AND seal_number IS NULL ORDER BY id LIMIT $2"
_NEWEST = "SELECT number, hash FROM audit_seal WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1"
_MARK = "UPDATE audit_entry SET seal_number = $2 WHERE tenant_id = $1 AND id = ANY($3::uuid[]) AND seal_number IS NULL"
_INSERT = (
    "INSERT INTO audit_seal (tenant_id, id, number, entries, previous_hash, hash, signature, sealed_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)

log = structlog.get_logger(__name__)


async def seal_entries(database: Database, signer: Signer, clock: Clock) -> int:
    """Seal what each tenant has to seal; how many seals were made."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        waiting = [row["tenant_id"] for row in await tx.rows(_TENANTS)]
    made = 0
    for tenant_id in waiting:
        try:
            while seal := await _seal_batch(database, tenant_id, signer, clock):
                made += 1
                log.info("audit_sealed", tenant_id=str(tenant_id), seal=seal.number, hash=seal.hash.hex())
                if seal.entries < BATCH:
                    break
        except Exception as error:  # it is tried again, and no other tenant waits with it
            log.exception("audit_not_sealed", tenant_id=str(tenant_id), error=type(error).__name__)
    return made


def chain_of(database: Database, tenant_id: UUID) -> AbstractAsyncContextManager[TenantTransaction]:
    """A transaction of the worker in this tenant, for who takes the lock of its chain."""
    return database.for_tenant(tenant_id, role=DatabaseRole.WORKER)


async def take_chain(tx: TenantTransaction) -> bool:
    """Lock the tenant's chain until the transaction ends; False where another worker has it."""
    taken: bool = await tx.value(
        "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"audit chain {tx.tenant_id}"
    )
    return taken


async def _seal_batch(database: Database, tenant_id: UUID, signer: Signer, clock: Clock) -> Seal | None:
    async with chain_of(database, tenant_id) as tx:
        return await _seal(tx, signer, clock.now())


async def _seal(tx: TenantTransaction, signer: Signer, now: datetime) -> Seal | None:
    if not await take_chain(tx):
        return None
    rows = await tx.rows(_UNSEALED, tx.tenant_id, BATCH)
    if not rows:
        return None
    newest = await tx.row(_NEWEST, tx.tenant_id)
    number, previous = (newest["number"] + 1, bytes(newest["hash"])) if newest else (1, BEGINNING)
    found = hash_of(tx.tenant_id, number, previous, (row["digest"] for row in rows), sealed_at=now)
    seal = Seal(tx.tenant_id, number, len(rows), previous, found, b"", now)
    seal = replace(seal, signature=signer.sign(signed_by(seal)))
    await tx.execute(
        _INSERT,
        *(tx.tenant_id, new_id(now), number, len(rows), previous, found, seal.signature, now),
    )
    if await tx.execute(_MARK, tx.tenant_id, number, [row["id"] for row in rows]) != len(rows):
        raise RuntimeError("the entries changed while they were sealed")
    return seal
