"""A small HTTP server that keeps what it is sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

PATIENCE = 10


@dataclass
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]
    body: str


@dataclass
class Receiver:
    """What came in, and how it is answered."""

    address: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], web.StreamResponse] = lambda _: web.Response(status=204)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, ready: Callable[[list[Received]], bool]) -> list[Received]:
        """Wait for the condition, and give what has come in."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: ready(self.received))
        return list(self.received)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Keep it, then answer."""
        body = await request.text()
        form = await request.post()
        received = Received(
            request.method, request.path_qs, dict(request.headers), {name: str(form[name]) for name in form}, body
        )
        async with self._news:
            self.received.append(received)
            self._news.notify_all()
        return self.answer(received)


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver for as long as the context lasts."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
