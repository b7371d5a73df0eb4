"""Carries changes by PostgreSQL's LISTEN and NOTIFY: nothing more to run, as far as one database server carries."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.database import DatabaseUnavailableError
from portal.database.address import DatabaseAddress
from portal.database.listening import Channels
from portal.live.bus import Bus, BusUnavailableError

_PREFIX = "tenant_"


class PostgresBus(Bus):
    """A channel for each tenant, over a connection of its own: not through PgBouncer, unless for whole sessions."""

    def __init__(self, address: DatabaseAddress) -> None:
        super().__init__()
        self._channels = Channels(address, self._take, self._lose)

    async def publish(self, told: Mapping[UUID, Sequence[str]]) -> None:
        """Notify, in one transaction."""
        lines = [(_channel(tenant_id), payload) for tenant_id, payloads in told.items() for payload in payloads]
        try:
            await self._channels.notify(lines)
        except DatabaseUnavailableError as error:
            raise BusUnavailableError from error

    async def listen(self, tenant_id: UUID) -> None:
        """Listen on the tenant's channel."""
        try:
            await self._channels.listen(_channel(tenant_id))
        except DatabaseUnavailableError as error:
            raise BusUnavailableError from error

    async def unlisten(self, tenant_id: UUID) -> None:
        """Listen there no longer."""
        await self._channels.unlisten(_channel(tenant_id))

    async def close(self) -> None:
        """Close the connection."""
        await self._channels.close()

    def _take(self, channel: str, payload: str) -> None:
        self.hear(UUID(channel.removeprefix(_PREFIX)), payload)

    def _lose(self) -> None:
        self.lose()


def _channel(tenant_id: UUID) -> str:
    return f"{_PREFIX}{tenant_id.hex}"
