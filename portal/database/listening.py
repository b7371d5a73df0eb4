"""A connection of its own that listens and notifies: one of a pool's is given back, and hears nothing any more."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from portal.database.address import DatabaseAddress
from portal.database.connection import DatabaseUnavailableError

_CONNECT_SECONDS = 10.0
_PROOF_SECONDS = 15.0  # how long a connection may be dead without anybody noticing
_ANSWER_SECONDS = 5.0


# On its own, so a transaction of its own: one that notifies holds a lock of the whole server while it commits, and a
# write would hold it too.
_NOTIFY = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS told (channel, payload)"


class Channels:
    """Listens on channels, and notifies, over one connection, which is opened when it is first needed.

    `on_payload` takes channel and payload; `on_loss` is called when the connection breaks: then no channel is heard.
    """

    def __init__(
        self, address: DatabaseAddress, on_payload: Callable[[str, str], None], on_loss: Callable[[], None]
    ) -> None:
        self._address = address
        self._on_payload = on_payload
        self._on_loss = on_loss
        self._connection: Any = None  # kept here: a connection that nobody refers to is closed unseen
        self._channels: set[str] = set()
        self._proving: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()  # a connection does one thing at a time

    async def listen(self, channel: str) -> None:
        """Hear this channel from when this returns; a name of letters, digits and underscores.

        Raises:
            DatabaseUnavailableError: there is no connection, or it broke.
        """
        async with self._turn:
            await self._open()
            if channel not in self._channels:
                await self._do(self._connection.add_listener(channel, self._take))
                self._channels.add(channel)

    async def unlisten(self, channel: str) -> None:
        """Hear it no longer."""
        async with self._turn:
            if channel in self._channels:
                self._channels.discard(channel)
                with contextlib.suppress(DatabaseUnavailableError):  # then nothing is heard any more
                    await self._do(self._connection.remove_listener(channel, self._take))

    async def notify(self, told: Sequence[tuple[str, str]]) -> None:
        """Tell channels their payloads, of less than 8,000 bytes each.

        Raises:
            DatabaseUnavailableError: there is no connection, or it broke.
        """
        async with self._turn:
            await self._open()
            await self._do(self._connection.execute(_NOTIFY, *map(list, zip(*told, strict=True))))

    async def close(self) -> None:
        """Close the connection, without a word of loss."""
        connection, self._connection = self._connection, None
        if self._proving is not None:
            self._proving.cancel()
            await asyncio.gather(self._proving, return_exceptions=True)
        if connection is not None:
            connection.terminate()

    async def _open(self) -> None:
        if self._connection is not None:
            return
        try:
            connection = await asyncpg.connect(
                **self._address.credentials(), timeout=_CONNECT_SECONDS, command_timeout=_ANSWER_SECONDS
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseUnavailableError from error
        connection.add_termination_listener(self._lose)
        self._connection = connection
        self._proving = asyncio.create_task(self._prove())

    async def _prove(self) -> None:
        """Ask again and again: a peer that is gone without a word would be listened to for ever."""
        while True:
            await asyncio.sleep(_PROOF_SECONDS)
            with contextlib.suppress(DatabaseUnavailableError):
                async with self._turn:
                    await self._do(self._connection.execute("SELECT 1"))

    async def _do(self, command: Any) -> None:
        connection = self._connection
        try:
            await command
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            connection.terminate()
            self._lose(connection)
            raise DatabaseUnavailableError from error

    def _take(self, _: object, __: int, channel: str, payload: str) -> None:
        self._on_payload(channel, payload)

    def _lose(self, connection: object) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self._channels.clear()
        if self._proving is not None:
            self._proving.cancel()
        self._on_loss()
