"""Sweeps the tenants that have something to ask about; a provider that does not answer one stops no other."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.clock import Clock, new_id
from portal.conversations.missing import LOOK_BACK, READ_EVERY, receive_missed
from portal.conversations.provider import InboundLog
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.messages.provider import MessageProvider, ProviderUnavailableError
from portal.messages.silence import GIVEN_UP_AFTER
from portal.messages.sweeping import ask_silent
from portal.tenants.accounts import ProviderAccounts

_AT_ONCE = 10  # tenants that are swept side by side

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What sweeping brought: how many messages were asked about, got news, were missed, and got no answer."""

    asked: int = 0
    repaired: int = 0
    received: int = 0
    unanswered: int = 0
    problem: str | None = None  # why a tenant could not be swept

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(
            self.asked + other.asked,
            self.repaired + other.repaired,
            self.received + other.received,
            self.unanswered + other.unanswered,
            self.problem or other.problem,
        )


class Sweeper:
    """Asks; any number of them work side by side, in one process or many."""

    def __init__(
        self,
        database: Database,
        provider: MessageProvider,
        inbound: InboundLog,
        accounts: ProviderAccounts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._provider = provider
        self._inbound = inbound
        self._accounts = accounts
        self._clock = clock

    async def sweep_due(self) -> Swept:
        """One round for every tenant with something due; what came of all together, which the log tells."""
        due = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            rows = await tx.rows(
                "SELECT id FROM tenant WHERE state <> 'CLOSED' AND (NOT EXISTS "
                "(SELECT FROM sweep WHERE sweep.tenant_id = tenant.id AND read_until > $2) OR EXISTS "
                "(SELECT FROM message WHERE message.tenant_id = tenant.id AND ask_at <= $1))",
                due,
                due - READ_EVERY,
            )
        turn = asyncio.Semaphore(_AT_ONCE)

        async def sweep(tenant_id: UUID) -> Swept:
            async with turn:
                return await self._safely(tenant_id, due)

        done = sum(await asyncio.gather(*(sweep(row["id"]) for row in rows)), start=Swept())
        if done != Swept():
            log.info("swept", tenants=len(rows), **asdict(done))
        return done

    async def sweep_now(self, tenant_id: UUID, told: Callable[[Swept], None]) -> Swept:
        """All that a tenant has to ask about, due or not, and tell after each round what it brought so far."""
        due = self._clock.now()
        async with self._database.for_tenant(tenant_id) as tx:
            await tx.execute("UPDATE message SET ask_at = $2 WHERE tenant_id = $1 AND ask_at > $2", tenant_id, due)
        done = brought = await self._safely(tenant_id, due, read_every=timedelta())
        while brought.asked:
            told(done)
            brought = await self._safely(tenant_id, due)
            done += brought
        return done

    async def _safely(self, tenant_id: UUID, due: datetime, *, read_every: timedelta = READ_EVERY) -> Swept:
        try:
            return await self._sweep(tenant_id, due, read_every)
        except Exception as error:
            log.exception("tenant_not_swept", tenant_id=str(tenant_id), error=type(error).__name__)
            return Swept(problem=type(error).__name__)

    async def _sweep(self, tenant_id: UUID, due: datetime, read_every: timedelta) -> Swept:
        credentials = await self._accounts.credentials(tenant_id)
        if credentials is None:
            return Swept(problem="it has no account at the provider")
        async with self._database.for_tenant(tenant_id) as tx:
            read_until = await _begin(tx, now=due)
        received, problem = 0, None
        if due - read_until >= read_every:
            try:
                received = await receive_missed(
                    self._database, self._inbound, credentials, tenant_id, read_until=read_until, now=due
                )
                read_until = due
            except ProviderUnavailableError:
                problem = "what it received could not be read"
        asked = await ask_silent(self._database, self._provider, credentials, tenant_id, self._clock, due)
        async with self._database.for_tenant(tenant_id) as tx:
            await tx.execute(
                "UPDATE sweep SET read_until = greatest(read_until, $2), swept_at = $3, repaired = $4, received = $5 "
                "WHERE tenant_id = $1",
                tenant_id,
                read_until,
                self._clock.now(),
                asked.repaired,
                received,
            )
        return Swept(asked.asked, asked.repaired, received, asked.unanswered, problem)


async def count_silent(tx: TenantTransaction) -> int:
    """How many messages the sweep still asks about."""
    count: int = await tx.value(
        "SELECT count(*) FROM message WHERE tenant_id = $1 AND ask_at IS NOT NULL", tx.tenant_id
    )
    return count


async def _begin(tx: TenantTransaction, *, now: datetime) -> datetime:
    """Until when the log was read; a first sweep also asks about what was handed over before there was one."""
    first = await tx.value(
        "INSERT INTO sweep (tenant_id, id, read_until, swept_at, repaired, received) "
        "SELECT id, $2, greatest(created_at, $3), $4, 0, 0 FROM tenant WHERE id = $1 "
        "ON CONFLICT (tenant_id) DO NOTHING RETURNING true",
        tx.tenant_id,
        new_id(now),
        now - LOOK_BACK,
        now,
    )
    if first:
        await tx.execute(
            "UPDATE message SET ask_at = $2 WHERE tenant_id = $1 AND status IN ('SENDING', 'CONFIRMING', 'SENT') "
            "AND ask_at IS NULL AND provider_reference IS NOT NULL AND first_tried_at > $3",
            tx.tenant_id,
            now,
            now - GIVEN_UP_AFTER,
        )
    until: datetime = await tx.value("SELECT read_until FROM sweep WHERE tenant_id = $1", tx.tenant_id)
    return until
