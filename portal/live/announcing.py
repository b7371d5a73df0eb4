"""Tells the bus what committed: at once where it is quiet, together what comes within a moment."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog

from portal.live.bus import Bus, BusUnavailableError
from portal.live.changes import MISSED, Change, to_payloads

_MOMENT_SECONDS = 0.05
_FAULT_SECONDS = 1.0
_MOST = 10_000  # changes of one tenant that wait while the bus is away
_LAST_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Announcer:
    """Its `hear` is what `Database.on_commit` calls: it never waits, and a change that is told twice is told once."""

    def __init__(self, bus: Bus, *, moment_seconds: float = _MOMENT_SECONDS) -> None:
        self._bus = bus
        self._moment_seconds = moment_seconds
        self._waiting: dict[UUID, dict[Change, None]] = {}
        self._missed: set[UUID] = set()
        self._telling: asyncio.Task[None] | None = None

    def hear(self, tenant_id: UUID, changes: Iterable[Change]) -> None:
        """Take what changed in a tenant; it is told soon."""
        waiting = self._waiting.setdefault(tenant_id, {})
        waiting.update(dict.fromkeys(changes))
        if len(waiting) > _MOST:
            waiting.clear()
            self._missed.add(tenant_id)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def finish(self) -> None:
        """Tell what waits still, and stop; nothing is heard afterwards."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._waiting:
            try:
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._publish()
            except (BusUnavailableError, TimeoutError):
                log.warning("changes_not_told", tenants=len(self._waiting))

    async def _tell(self) -> None:
        try:
            while self._waiting:
                pause = self._moment_seconds
                try:
                    await self._publish()
                except Exception as error:  # noqa: BLE001  whatever it is, the rest is told later
                    log.warning("changes_not_told", error=type(error).__name__, tenants=len(self._waiting))
                    pause = _FAULT_SECONDS
                await asyncio.sleep(pause)
        finally:
            self._telling = None

    async def _publish(self) -> None:
        waiting, self._waiting = self._waiting, {}
        missed, self._missed = self._missed, set()
        told = {
            tenant_id: [MISSED] if tenant_id in missed else to_payloads(changes)
            for tenant_id, changes in waiting.items()
        }
        try:
            await self._bus.publish(told)
        except BaseException:
            self._missed |= missed
            for tenant_id, changes in waiting.items():
                self._waiting[tenant_id] = changes | self._waiting.get(tenant_id, {})
            raise
