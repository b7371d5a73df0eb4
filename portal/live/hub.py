"""Who looks on in this process: each watch holds what changed and has not been read yet, each change once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from portal.live.bus import Bus
from portal.live.changes import MISSED, Change, from_payload

log = structlog.get_logger(__name__)


class MissedError(Exception):
    """Something may have been missed: whoever looked on has to begin again, and read what it shows anew."""


class Watch:
    """What one reader has still to read."""

    def __init__(self, most_waiting: int) -> None:
        self._concerns: Callable[[Change], bool] = lambda _: True
        self._most_waiting = most_waiting
        self._waiting: dict[Change, None] = {}
        self._missed = False
        self._something = asyncio.Event()

    def narrow(self, concerns: Callable[[Change], bool]) -> None:
        """From now on hold only what concerns the reader, of what waits too."""
        self._concerns = concerns
        self._waiting = dict.fromkeys(filter(concerns, self._waiting))
        if not self._waiting and not self._missed:
            self._something.clear()

    async def next(self, most: int) -> list[Change]:
        """Wait for changes, and take the oldest.

        Raises:
            MissedError: the reader was too slow, or the bus was away.
        """
        await self._something.wait()
        if self._missed:
            raise MissedError
        taken = list(self._waiting)[:most]
        for change in taken:
            del self._waiting[change]
        if not self._waiting:
            self._something.clear()
        return taken

    def take(self, changes: list[Change]) -> None:
        """Hold what concerns the reader; more than it may hold, and it has missed something."""
        if self._missed:
            return
        for change in changes:
            if self._concerns(change):
                self._waiting[change] = None
        if len(self._waiting) > self._most_waiting:
            self.miss()
        elif self._waiting:
            self._something.set()

    def miss(self) -> None:
        """Something was missed: this watch is over."""
        self._missed = True
        self._waiting.clear()
        self._something.set()


class Hub:
    """Hears the bus for all watches of this process, a tenant's topic while somebody looks at it.

    `most_waiting` is how many changes a watch holds while its reader is busy.
    """

    def __init__(self, bus: Bus, *, most_waiting: int) -> None:
        self._bus = bus
        self._most_waiting = most_waiting
        self._watches: dict[UUID, set[Watch]] = {}
        self._turn = asyncio.Lock()
        bus.hear = self._hear
        bus.lose = self._lose

    @property
    def watches(self) -> int:
        """How many look on."""
        return sum(map(len, self._watches.values()))

    @asynccontextmanager
    async def watching(self, tenant_id: UUID) -> AsyncIterator[Watch]:
        """Look on at a tenant: what commits from when this is entered is held for the reader.

        Raises:
            BusUnavailableError: nothing can be heard just now.
        """
        watch = Watch(self._most_waiting)
        self._watches.setdefault(tenant_id, set()).add(watch)  # first: a loss from now on reaches it
        try:
            async with self._turn:
                await self._bus.listen(tenant_id)
            yield watch
        finally:
            await self._leave(tenant_id, watch)

    async def _leave(self, tenant_id: UUID, watch: Watch) -> None:
        self._watches[tenant_id].discard(watch)
        async with self._turn:
            if tenant_id in self._watches and not self._watches[tenant_id]:
                del self._watches[tenant_id]
                await self._bus.unlisten(tenant_id)

    def _hear(self, tenant_id: UUID, payload: str) -> None:
        watches = self._watches.get(tenant_id, ())
        if payload == MISSED:
            for watch in watches:
                watch.miss()
            return
        try:
            changes = from_payload(payload)
        except ValueError:
            log.warning("payload_refused", tenant_id=str(tenant_id))
            return
        for watch in watches:
            watch.take(changes)

    def _lose(self) -> None:
        log.warning("bus_lost", watches=self.watches)
        for watches in self._watches.values():
            for watch in watches:
                watch.miss()
