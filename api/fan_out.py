"""What carries changes between the processes, chosen by the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.settings import Settings
from portal.database import Database
from portal.live.announcing import Announcer
from portal.live.bus import Bus
from portal.live.postgres_bus import PostgresBus


@asynccontextmanager
async def fan_out(settings: Settings, database: Database) -> AsyncIterator[Bus]:
    """The bus; what commits in this database's transactions is announced on it, to the last."""
    bus = _bus(settings)
    announcer = Announcer(bus)
    database.on_commit = announcer.hear
    try:
        yield bus
    finally:
        await announcer.finish()
        await bus.close()


def _bus(settings: Settings) -> Bus:
    if settings.live_url is None:
        return PostgresBus(settings.database())
    from portal.live.redis_bus import RedisBus  # noqa: PLC0415  its client is an extra

    return RedisBus(settings.live_url.get_secret_value())
