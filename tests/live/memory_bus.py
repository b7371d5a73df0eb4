"""A bus within a test, that can fail and be lost."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.live.bus import Bus, BusUnavailableError


class MemoryBus(Bus):
    """Tells at once; keeps what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.listened: set[UUID] = set()
        self.told: list[dict[UUID, list[str]]] = []
        self.away = False

    async def publish(self, told: Mapping[UUID, Sequence[str]]) -> None:
        """Tell those that listen."""
        if self.away:
            raise BusUnavailableError
        self.told.append({tenant_id: list(payloads) for tenant_id, payloads in told.items()})
        for tenant_id, payloads in told.items():
            for payload in payloads:
                if tenant_id in self.listened:
                    self.hear(tenant_id, payload)

    async def listen(self, tenant_id: UUID) -> None:
        """Listen."""
        if self.away:
            raise BusUnavailableError
        self.listened.add(tenant_id)

    async def unlisten(self, tenant_id: UUID) -> None:
        """Listen no longer."""
        self.listened.discard(tenant_id)

    async def close(self) -> None:
        """Nothing is held."""

    def break_off(self) -> None:
        """Lose the connection."""
        self.listened.clear()
        self.lose()
