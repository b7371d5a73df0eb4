"""An integrator's own system: takes events over real HTTP, and knows by its secret which are genuine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import free_port, serving

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What the event is known by."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """The payload, whoever sent it."""
        return dict(orjson.loads(self.body))

    def verified(self, secret: str) -> dict[str, Any]:
        """The payload; raises unless it was signed with this secret, a moment ago."""
        return dict(Webhook(secret).verify(self.body, self.headers))


async def take(_: Request) -> Response:
    """What a receiver does that is well."""
    return Response(status_code=204)


@dataclass
class Receiver:
    """What it has received, and how it answers."""

    url: str
    requests: list[Received] = field(default_factory=list)
    answer: Answer = take
    most_at_once: int = 0
    _at_once: int = 0

    async def _receive(self, request: Request) -> Response:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            self.requests.append(Received(request.url.path, dict(request.headers), await request.body()))
            return await self.answer(request)
        finally:
            self._at_once -= 1


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver, served for as long as the context lasts."""
    listening = free_port()
    receiver = Receiver(f"http://127.0.0.1:{listening.getsockname()[1]}/events")
    route = Route("/{path:path}", receiver._receive, methods=["GET", "POST"])  # noqa: SLF001  its own application
    async with serving(Starlette(routes=[route]), listening):
        yield receiver


def answering(status: int, body: str = "", **headers: str) -> Answer:
    """Answers that are always the same."""

    async def answer(_: Request) -> Response:
        return Response(body, status, {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


def hanging(until: asyncio.Event) -> Answer:
    """Answers that do not come before something happens."""

    async def answer(_: Request) -> Response:
        await until.wait()
        return Response(status_code=204)

    return answer
