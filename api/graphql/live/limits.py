"""How many look on at once, and how long what may take."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """What one principal may hold open in one process, and the seconds that things take at the most."""

    connections: int = 50  # of one principal
    operations: int = 50  # of one socket
    id_characters: int = 128
    waiting: int = 1_000  # changes that wait for one reader; at more it has to begin again
    init_seconds: float = 10
    send_seconds: float = 10  # a reader that takes nothing for so long is gone
    keep_alive_seconds: float = 12
    recheck_seconds: float = 10  # about how often it is asked whether somebody may still look on
    fresh_seconds: float = 1  # nothing is delivered on an older answer
    readers: int = 4  # subscriptions that read at once: requests need the database's connections too
    readers_of_tenant: int = 2  # of these for one tenant: news for its many readers leaves turns to other tenants


class TooManyError(Exception):
    """A principal holds as many connections open as it may; the message says so."""


class Places:
    """Counts the open connections of each principal."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, principal: str) -> Iterator[None]:
        """Take a place while the context lasts.

        Raises:
            TooManyError: there is none left.
        """
        if self._taken[principal] >= self._most:
            raise TooManyError(f"You have {self._most} connections open, the most that you may: close some.")
        self._taken[principal] += 1
        try:
            yield
        finally:
            self._taken[principal] -= 1
            if not self._taken[principal]:
                del self._taken[principal]


class Turns:
    """Lets a few read at once, and of one tenant fewer."""

    def __init__(self, most: int, most_of_tenant: int) -> None:
        self._all = asyncio.Semaphore(most)
        self._most_of_tenant = most_of_tenant
        self._of_tenants: WeakValueDictionary[UUID | None, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, tenant_id: UUID | None) -> AsyncIterator[None]:
        """Take a turn while the context lasts, once there is one."""
        of_tenant = self._of_tenants.setdefault(tenant_id, asyncio.Semaphore(self._most_of_tenant))
        async with of_tenant, self._all:  # in this order: who waits for its own tenant's takes no other's
            yield
