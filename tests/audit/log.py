"""A tenant's audit log, written through the product's own doors."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from portal.actor import Actor, ActorKind
from portal.audit.chain import SIGNS, Record
from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.audit.sealing import seal_entries
from portal.audit.trail import read_trail
from portal.audit.verifying import Verification
from portal.clock import new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.address import DatabaseAddress
from portal.encryption import Signer
from tests.factories import make_tenant
from tests.product import SECRET
from tests.turnable_clock import TurnableClock

SIGNER = Signer(SECRET, SIGNS)
ORIGIN = Origin(Actor(ActorKind.SYSTEM, UUID(int=0), "Portal"), "a request")
NAMES = "Ann Ashby", "Ben Bright"


@dataclass
class AuditLog:
    """The log of one tenant with two people."""

    database: Database
    clock: TurnableClock
    tenant_id: UUID
    people: list[UUID]

    @classmethod
    async def of(cls, database: Database, clock: TurnableClock) -> "AuditLog":
        """An empty log of a new tenant."""
        tenant_id = await make_tenant(database, clock)
        return cls(database, clock, tenant_id, [new_id(clock.now()) for _ in NAMES])

    async def write(self, count: int) -> list[UUID]:
        """So many entries, by both people in turn; their ids."""
        made = []
        async with self.database.for_tenant(self.tenant_id) as tx:
            for number in range(count):
                who = number % len(NAMES)
                actor = Actor(ActorKind.MEMBER, self.people[who], NAMES[who], through="Shop system" if who else None)
                event = AuditEvent(
                    "contactUpdate", f"contact {number}", {"name": f"({number} characters)", "tags": [1]}
                )
                origin = Origin(actor, f"request{number}", "192.0.2.1")
                made.append(await write_entry(tx, self.tenant_id, origin, event, at=self.clock.now()))
                self.clock.advance(timedelta(milliseconds=1))
        return made

    async def seal(self) -> int:
        """Seal what is not sealed; how many seals that took."""
        return await seal_entries(self.database, SIGNER, self.clock)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[TenantTransaction]:
        """A transaction that reads the log."""
        async with self.database.for_tenant(self.tenant_id, role=DatabaseRole.WORKER, read_only=True) as tx:
            yield tx

    async def trail(self) -> list[Record]:
        """All records."""
        return [record async for record in read_trail(self.begin)]

    async def problems(self) -> list[str]:
        """What a verification finds."""
        return problems_of(await self.trail(), self.tenant_id)


def problems_of(
    records: Iterable[Record], tenant_id: UUID, signer: Signer = SIGNER, *, exported: bool = False
) -> list[str]:
    """What a verification of these records finds."""
    verification = Verification(signer, tenant_id)
    found = [problem for record in records for problem in verification.take(record)]
    return found + list(verification.finish(exported=exported))


async def as_superuser(superuser: DatabaseAddress, database: DatabaseAddress, sql: str, *arguments: object) -> str:
    """What somebody does who has the whole database."""
    connection = await asyncpg.connect(**superuser.to(database=database.database).credentials())
    try:
        return str(await connection.execute(sql, *arguments))
    finally:
        await connection.close()
