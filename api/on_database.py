"""How a command of the operator works on the database: connected for as long as it takes, refusals said plainly."""

import asyncio
from collections.abc import Awaitable, Callable

from api.failures import PortalError, plainly
from api.fan_out import fan_out
from api.settings import Settings, load_settings
from portal.database import Database


def on_database(work: Callable[[Database, Settings], Awaitable[None]]) -> None:
    """Do the work; a ValueError is what the operator asked for and cannot have, and ends the command with 1."""
    settings = load_settings()

    async def connected() -> None:
        database = await Database.connect(settings.database(), pool_size=2)
        try:
            async with fan_out(settings, database):  # whoever looks on is told of what a command changes too
                await work(database, settings)
        except ValueError as error:
            raise PortalError(f"This cannot be done: {str(error).rstrip('.')}.") from None
        finally:
            await database.close()

    plainly(lambda: asyncio.run(connected()), settings, None)
