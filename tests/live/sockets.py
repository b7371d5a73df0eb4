"""A client that speaks graphql-transport-ws frame by frame, so that a test can also speak it badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from auth.authentication import PROOF_HEADER
from tests.product import Caller

PROTOCOL = "graphql-transport-ws"
PATIENCE = 30.0


class Socket:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        """Send a message."""
        await self.connection.send(orjson.dumps(message).decode())

    async def next(self) -> Any:
        """The next message, whatever it is."""
        async with asyncio.timeout(PATIENCE):
            return orjson.loads(await self.connection.recv())

    async def data(self) -> Any:
        """The data of the next message, which is one of a subscription's or the answer to a query."""
        message = await self.next()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def errors(self) -> list[tuple[str, str]]:
        """Codes and messages of the next message, which ends its operation."""
        message = await self.next()
        assert message["type"] == "error", message
        return [(error["extensions"]["code"], error["message"]) for error in message["payload"]]

    async def subscribe(self, query: str, name: str = "1", **variables: Any) -> None:
        """Subscribe, and return once it is sure to be told of what changes from now on."""
        await self.send(type="subscribe", id=name, payload={"query": query, "variables": variables})
        await self.send(type="subscribe", id="then", payload={"query": "{ __typename }"})
        assert await self.next() == {
            "id": "then",
            "type": "next",
            "payload": {"data": {"__typename": "Query"}, "extensions": {"cost": {"requested": 0}}},
        }
        assert await self.next() == {"id": "then", "type": "complete"}

    async def quiet(self) -> None:
        """Whatever was to be told before now has been, and it was nothing."""
        await self.send(type="ping", payload={"quiet": True})
        assert await self.next() == {"type": "pong", "payload": {"quiet": True}}

    async def closed(self) -> tuple[int, str]:
        """Code and reason of the end, which comes next, or behind the ends of its operations."""
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionClosed) as closed:
                await self._pass_over({"error", "complete"})
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason

    async def _pass_over(self, kinds: set[str]) -> None:
        while orjson.loads(await self.connection.recv())["type"] in kinds:
            pass


@asynccontextmanager
async def connected(
    caller: Caller, *, headers: dict[str, str] | None = None, protocol: str = PROTOCOL
) -> AsyncIterator[Socket]:
    """A socket with the caller's credential in its handshake, as the page has, not yet begun."""
    url = caller.url.replace("http", "ws", 1)
    origin = caller.url.removesuffix("/graphql")
    own = {name: value for name, value in caller.headers.items() if name != PROOF_HEADER}
    async with connect(
        url,
        subprotocols=[protocol],  # type: ignore[list-item]  # a NewType of str
        additional_headers={"Origin": origin} | own | (headers or {}),
        proxy=None,
        compression=None,
        ping_interval=None,
    ) as connection:
        yield Socket(connection)


@asynccontextmanager
async def looking(caller: Caller) -> AsyncIterator[Socket]:
    """A socket that has begun."""
    async with connected(caller) as socket:
        await socket.send(type="connection_init")
        assert await socket.next() == {"type": "connection_ack"}
        yield socket
