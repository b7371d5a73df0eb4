"""Erasing a person from a tenant's log, so that nobody can tell any more what was erased, and the chain stays valid.

A seal is over digests, and what can be erased is in a digest only through its salt, 32 random bytes. Name, address,
changes and salt go together: what is left is a number that nobody can find a content for by trying, not even with the
name in hand. Who did what and when stays provable under an id that leads to nobody once the person's row is gone. The
erasure is signed, so that an entry emptied in the database is not taken for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.audit.chain import erasure_statement
from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.audit.sealing import chain_of
from portal.database import Database
from portal.encryption import Signer

_BATCH = 1_000
_FOUND = """
SELECT id, digest FROM audit_entry
WHERE tenant_id = $1 AND (actor_id = $2 OR target = ANY($3::text[])) AND erased_at IS NULL ORDER BY id LIMIT $4
"""
_ERASE = """
UPDATE audit_entry SET actor_name = NULL, address = NULL, changes = NULL, salt = NULL, erased_at = $2,
  erasure_signature = one.signature
FROM unnest($3::uuid[], $4::bytea[]) AS one (id, signature)
WHERE audit_entry.tenant_id = $1 AND audit_entry.id = one.id
"""


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """Who is erased in a tenant: `targets` are the global ids that the person had there."""

    tenant_id: UUID
    person_id: UUID
    targets: Collection[str] = ()


async def erase_person(
    database: Database, signer: Signer, person: ErasedPerson, origin: Origin, *, now: datetime
) -> int:
    """Blank what the tenant's log holds of a person: their own entries, and those about one of their ids.

    That it was done is written down first. Interrupted, it can be run again. How many entries were blanked.
    """
    tenant_id, blanked = person.tenant_id, 0
    async with database.for_tenant(tenant_id) as tx:
        event = AuditEvent("personErase", changes={"actor_id": str(person.person_id)})
        await write_entry(tx, tenant_id, origin, event, at=now)
    while True:
        async with chain_of(database, tenant_id) as tx:
            rows = await tx.rows(_FOUND, tenant_id, person.person_id, list(person.targets), _BATCH)
            signatures = [
                signer.sign(erasure_statement(tenant_id, row["id"], bytes(row["digest"]), now)) for row in rows
            ]
            await tx.execute(_ERASE, tenant_id, now, [row["id"] for row in rows], signatures)
        blanked += len(rows)
        if len(rows) < _BATCH:
            return blanked
