"""Works erasures off: our own rows, then the provider's, then the audit log; whatever has to wait is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

import structlog

from portal.actor import Actor, ActorKind
from portal.audit.entries import Origin
from portal.audit.erasing import ErasedPerson, erase_person
from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.encryption import Signer
from portal.erasure.provider import ErasureProvider
from portal.erasure.receipts import Erased, WaitsFor, digest_of, read_receipts_by_id
from portal.erasure.rows import count_in_flight, delete_rows, empty_rows, find_events, find_targets
from portal.messages.provider import ProviderUnavailableError
from portal.tenants.accounts import ProviderAccounts

_LEASE = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_DUE = 20
_ORIGIN = Origin(Actor(ActorKind.SYSTEM, UUID(int=0), "Erasure"), "erasure")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claim:
    """An erasure that this worker alone goes on with, until its lease ends."""

    tenant_id: UUID
    id: UUID
    contact_id: UUID
    numbers: tuple[str, ...]
    attempts: int
    lease: datetime


class ContactErasures:
    """Erases persons, one tenant's after another's; any number of workers may."""

    def __init__(
        self, database: Database, provider: ErasureProvider, accounts: ProviderAccounts, audit: Signer, clock: Clock
    ) -> None:
        self._database = database
        self._provider = provider
        self._accounts = accounts
        self._audit = audit
        self._clock = clock

    async def work_due(self) -> int:
        """Go on with what is due; with how many. One that fails stops no other."""
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            sql = "SELECT DISTINCT tenant_id FROM contact_erasure WHERE due_at <= $1 LIMIT $2"
            tenants = [row["tenant_id"] for row in await tx.rows(sql, self._clock.now(), _DUE)]
        for tenant_id in tenants:
            try:
                await self._go_on(tenant_id)
            except Exception as error:  # its lease ends, and it is tried again
                log.exception("erasure_failed", tenant_id=str(tenant_id), error=type(error).__name__)
        return len(tenants)

    async def _go_on(self, tenant_id: UUID) -> None:
        async with self._database.for_tenant(tenant_id) as tx:
            claimed = await _claim(tx, now=self._clock.now())
        if claimed is None:
            return
        in_flight = await self._erase_here(claimed)
        waits_for = WaitsFor.IN_FLIGHT if in_flight else await self._erase_there(claimed)
        if waits_for is None:
            await self._erase_here(claimed)  # what was reported meanwhile
            await self._end(claimed)
            return
        async with self._database.for_tenant(tenant_id) as tx:
            pause = min(_FIRST_PAUSE * 2 ** min(claimed.attempts, 10), _LONGEST_PAUSE)
            sql = f"UPDATE contact_erasure SET waits_for = $4, due_at = $5 WHERE {_HELD}"  # noqa: S608  constants
            await tx.execute(sql, *_held(claimed), waits_for.value, self._clock.now() + pause)

    async def _erase_here(self, claimed: _Claim) -> int:
        """Our own rows; how many messages are still being handed over."""
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            targets = await find_targets(tx, claimed.contact_id, claimed.numbers)
            events = await find_events(tx, claimed.contact_id, claimed.numbers)
        person = ErasedPerson(claimed.tenant_id, claimed.contact_id, targets)
        entries = 0
        if targets:
            entries = await erase_person(self._database, self._audit, person, _ORIGIN, now=self._clock.now())
        async with self._database.for_tenant(claimed.tenant_id, role=DatabaseRole.WORKER) as tx:
            deleted = await delete_rows(tx, events, claimed.numbers)
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            emptied = await empty_rows(tx, claimed.contact_id, claimed.numbers)
            counts = deleted | emptied | {Erased.AUDIT_ENTRIES: entries}
            await _count(tx, claimed, counts, "erased_here_at", self._clock.now())
            return await count_in_flight(tx, claimed.contact_id, claimed.numbers)

    async def _erase_there(self, claimed: _Claim) -> WaitsFor | None:
        """The provider's records; what they have to wait for, if anything."""
        credentials = await self._accounts.credentials(claimed.tenant_id)
        if credentials is None:  # then it has nothing of theirs
            return None
        provider = self._provider
        kinds = (
            (Erased.CARRIER_MESSAGES, provider.messages_with, provider.erase_message),
            (Erased.CARRIER_CALLS, provider.calls_with, provider.erase_call),
        )
        erased: dict[Erased, int] = {}
        waiting = None
        try:
            for (kind, find, erase), number in product(kinds, claimed.numbers):
                while waiting is None and (found := await find(credentials, number)):
                    outcomes = [await erase(credentials, reference) for reference in found]
                    erased[kind] = erased.get(kind, 0) + sum(outcomes)
                    waiting = None if all(outcomes) else WaitsFor.IN_FLIGHT
        except ProviderUnavailableError:
            waiting = WaitsFor.CARRIER
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            counts = {kind: erased.get(kind, 0) for kind, _, _ in kinds}
            await _count(tx, claimed, counts, "erased_there_at", self._clock.now())
        return waiting

    async def _end(self, claimed: _Claim) -> None:
        """Forget whom it was about: what is left is the receipt."""
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            receipt = (await read_receipts_by_id(tx, [claimed.id]))[claimed.id]
            sql = (
                "UPDATE contact_erasure SET state = 'DONE', contact_id = NULL, numbers = '{}', waits_for = NULL, "  # noqa: S608  constants
                f"due_at = NULL, digest = $4 WHERE {_HELD}"
            )
            await tx.execute(sql, *_held(claimed), digest_of(claimed.tenant_id, receipt))


async def _claim(tx: TenantTransaction, *, now: datetime) -> _Claim | None:
    row = await tx.row(_CLAIM, tx.tenant_id, now, now + _LEASE)
    if row is None:
        return None
    numbers = tuple(row["numbers"])
    return _Claim(tx.tenant_id, row["id"], row["contact_id"], numbers, row["attempts"], row["due_at"])


async def _count(tx: TenantTransaction, claimed: _Claim, counts: dict[Erased, int], column: str, now: datetime) -> None:
    names = [what.value for what in counts]
    await tx.execute(
        f"UPDATE contact_erasure SET {column} = $4, erased = erased || "  # noqa: S608  a column from code
        "(SELECT jsonb_object_agg(c.name, coalesce((erased ->> c.name)::int, 0) + c.more) "
        f"FROM unnest($5::text[], $6::int[]) AS c (name, more)) WHERE {_HELD}",
        *(*_held(claimed), now, names, list(counts.values())),
    )


def _held(claimed: _Claim) -> tuple[UUID, UUID, datetime]:
    return claimed.tenant_id, claimed.id, claimed.lease


_HELD = "tenant_id = $1 AND id = $2 AND due_at = $3"
_CLAIM = (
    "UPDATE contact_erasure SET due_at = $3, attempts = attempts + 1 WHERE tenant_id = $1 AND id = "
    "(SELECT id FROM contact_erasure WHERE tenant_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 1 "
    "FOR UPDATE SKIP LOCKED) RETURNING id, contact_id, numbers, attempts, due_at"
)
