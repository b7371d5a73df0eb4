"""A client of server-sent events that reads them one by one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson

from tests.live.sockets import PATIENCE
from tests.product import Caller

EVENTS = {"Accept": "text/event-stream"}


class Stream:
    """One answer that goes on."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, Any]:
        """The next event, and what it holds."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if line.removeprefix(":"):
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif fields:
                    break
        data = fields["data"]
        return fields["event"], orjson.loads(data) if data else None

    async def beat(self, times: int) -> None:
        """Wait for so many signs of life."""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                assert line in {":", ""}
                times -= line == ":"
                if not times:
                    return

    async def data(self) -> Any:
        """The data of the next event, which is a subscription's."""
        kind, payload = await self.next()
        assert (kind, "errors" in payload) == ("next", False), payload
        return payload["data"]

    async def ended(self) -> list[str]:
        """The codes of the errors that the stream ends with, which comes next."""
        kind, payload = await self.next()
        assert kind == "next"
        assert await self.next() == ("complete", None)
        return [error["extensions"]["code"] for error in payload["errors"]]


@asynccontextmanager
async def streamed(
    caller: Caller, query: str, headers: dict[str, str] | None = None, **variables: Any
) -> AsyncIterator[Stream]:
    """A subscription by POST; it stands when this is entered."""
    body = {"query": query, "variables": variables}
    async with (
        httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http,
        http.stream("POST", caller.url, json=body, headers=caller.headers | EVENTS | (headers or {})) as response,
    ):
        yield Stream(response)
