"""Handing accepted messages to the provider: claimed per tenant, sent once, and never again when nobody can say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from portal.alerts.catalogue import AlertKind, ProviderFault
from portal.alerts.raising import Occurrence, raise_alerts
from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.live.changes import Change, ChangeKind
from portal.messages.claiming import claim, read_due
from portal.messages.handing_over import CallbackUrl, HandOver, Tools
from portal.messages.provider import MessageProvider
from portal.tenants.accounts import ProviderAccounts

AT_ONCE = 32  # requests of one account side by side, however many workers there are
SLOTS = 128  # requests of one worker side by side
_CLAIMED = 3  # times the slots: what is being sent, what comes next, and what is being written down
_CLAIMING = 4  # tenants at once, so that outcomes find a connection to be written down on
_MOST_TENANTS = 64  # in one round
_REST = timedelta(seconds=30)  # of a tenant that could not be served

log = structlog.get_logger(__name__)


class Dispatcher:
    """Sends what is due; any number of them work side by side, in one process or many.

    The tenants that are due take turns, the longest waiting first. Each gets the same share of what is free, and then
    stands behind the others: who sends ten thousand messages delays nobody's single one.
    """

    def __init__(
        self,
        database: Database,
        provider: MessageProvider,
        accounts: ProviderAccounts,
        clock: Clock,
        callback_url: CallbackUrl,
        *,
        at_once: int = AT_ONCE,
        slots: int = SLOTS,
    ) -> None:
        self._accounts = accounts
        self._at_once = at_once
        self._most = _CLAIMED * slots
        self._tools = Tools(database, provider, clock, callback_url, asyncio.Semaphore(slots), asyncio.Event())
        self._turns = asyncio.Semaphore(_CLAIMING)
        self._handing_over: dict[UUID, HandOver] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def start_due(self) -> int:
        """Begin with a share of the work of each tenant that is due; how many tenants that were.

        It waits while this worker has its hands full, so that its memory does not grow with what is due.
        """
        free = await self._free()
        async with self._tools.database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            due = await read_due(tx, min(free, _MOST_TENANTS), now=self._tools.clock.now())
        turns = [self._begin(self._take_turn(tenant_id, free // len(due))) for tenant_id in due]
        if turns:
            await asyncio.wait(turns)  # which goes on where this is cancelled: what is claimed is handed over
        return len(due)

    async def run_once(self) -> int:
        """Serve every tenant with due work once and wait for the end of it; how many tenants that were."""
        begun = await self.start_due()
        await self.finish()
        return begun

    async def finish(self) -> None:
        """Wait until whoever is being served is served; what went wrong is logged, and comes back with its lease."""
        while self._working:
            await asyncio.gather(*self._working)

    async def _free(self) -> int:
        while True:
            self._tools.landed.clear()
            free = self._most - sum(one.messages for one in self._handing_over.values())
            if free >= self._most // _CLAIMED:
                return free
            await self._tools.landed.wait()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _take_turn(self, tenant_id: UUID, share: int) -> None:
        async with self._turns, self._mended(tenant_id):
            credentials = await self._accounts.credentials(tenant_id)
            if credentials is None:
                log.error("tenant_without_provider_account", tenant_id=str(tenant_id))
                await self._rest(tenant_id, ProviderFault.ACCOUNT_MISSING)
                return
            begun = self._handing_over.get(tenant_id)
            async with self._tools.database.for_tenant(tenant_id) as tx:
                claimed = await claim(
                    tx,
                    share=share,
                    at_once=self._at_once,
                    with_doubtful=begun is None or not begun.confirming,
                    now=self._tools.clock.now(),
                )
                for message in claimed.sending:
                    tx.announce(Change(ChangeKind.MESSAGE_STATUS, message.id))
            if claimed.is_empty:
                return
            if tenant_id not in self._handing_over:
                self._handing_over[tenant_id] = HandOver(tenant_id, self._tools)
                self._begin(self._hand_over(tenant_id))
            self._handing_over[tenant_id].add(credentials, claimed)

    async def _hand_over(self, tenant_id: UUID) -> None:
        async with self._mended(tenant_id):
            try:
                await self._handing_over[tenant_id].finish()
            finally:
                del self._handing_over[tenant_id]
                self._tools.landed.set()

    @contextlib.asynccontextmanager
    async def _mended(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Whatever goes wrong with one tenant stops no other."""
        try:
            yield
        except Exception as error:
            log.exception("tenant_not_served", tenant_id=str(tenant_id), error=type(error).__name__)
            with contextlib.suppress(Exception):  # the database may be what is wrong
                await self._rest(tenant_id, ProviderFault.NOT_SERVED)

    async def _rest(self, tenant_id: UUID, fault: ProviderFault) -> None:
        """Come back later to a tenant that cannot be served: it waits, and nobody turns in circles for it."""
        now = self._tools.clock.now()
        async with self._tools.database.for_tenant(tenant_id) as tx:
            await tx.execute(
                "UPDATE due_tenant SET due_at = greatest(due_at, $2) WHERE tenant_id = $1", tenant_id, now + _REST
            )
        event = f"{fault}/{now:%Y-%m-%dT%H}"  # counted once an hour, however often it is tried in it
        async with self._tools.database.for_tenant(tenant_id) as tx:
            await raise_alerts(tx, [Occurrence(AlertKind.PROVIDER_ERROR, fault, event, now)], now=now)
