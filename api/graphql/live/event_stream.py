"""GraphQL over server-sent events, in the protocol's distinct connections mode: one operation, one stream."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from graphql import GraphQLError
from starlette.requests import HTTPConnection, Request
from starlette.types import Send

from api.graphql.failures import Refusal, masked, told
from api.graphql.live.limits import Places, TooManyError
from api.graphql.live.subscriptions import Subscriptions
from api.graphql.live.visit import Visit
from api.graphql.operations import Asker, BoundOperation
from api.graphql.transport import EVENT_STREAM, HungUp, encode, until_hung_up
from auth.authentication import AuthenticationError
from auth.principal import Principal
from portal_schema.errors import ErrorCode, RequestError

_COMPLETE = b"event: complete\ndata: \n\n"
_STILL_THERE = b":\n\n"


def as_events(body: bytes) -> bytes:
    """An answer that is whole, as the events of a stream."""
    return _next(body) + _COMPLETE


class EventStreams:
    """Answers subscriptions with streams; `again` finds out anew who holds a request's credential."""

    def __init__(
        self, subscriptions: Subscriptions, again: Callable[[HTTPConnection], Awaitable[Principal]], places: Places
    ) -> None:
        self._subscriptions = subscriptions
        self._again = again
        self._places = places

    async def answer(self, request: Request, send: Send, operation: BoundOperation, asker: Asker) -> None:
        """Deliver until the subscription or the client ends it.

        Raises:
            Refusal: the principal has too many connections open.
        """
        live = self._subscriptions.limits
        stream = _Stream(send, asker.request_id, live.send_seconds)
        with self._taken(asker.principal.key):
            tasks = [
                asyncio.create_task(self._deliver(request, stream, operation, asker)),
                asyncio.create_task(until_hung_up(request.receive)),
                asyncio.create_task(stream.keep_alive(live.keep_alive_seconds)),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, request: Request, stream: "_Stream", operation: BoundOperation, asker: Asker) -> None:
        visit = Visit(asker.principal, partial(self._again, request))
        errors: list[GraphQLError] = []
        try:
            async with self._subscriptions.open(operation, visit, asker) as bodies:
                await stream.start()  # so that the client knows: from now on it misses nothing
                async for body in bodies:
                    await stream.send(_next(encode(body)))
        except HungUp:
            return
        except Refusal as refusal:
            errors = refusal.errors
        except AuthenticationError as error:
            errors = [RequestError(ErrorCode(error.code), error.message)]
        except Exception as error:  # noqa: BLE001  whatever it is, the client learns nothing but the request id
            errors = [masked(error, asker.request_id)]
        await stream.end(errors)

    @contextmanager
    def _taken(self, principal: str) -> Iterator[None]:
        try:
            with self._places.taken(principal):
                yield
        except TooManyError as error:
            raise Refusal(ErrorCode.RATE_LIMITED, [RequestError(ErrorCode.RATE_LIMITED, str(error))]) from None


class _Stream:
    """A response that goes on."""

    def __init__(self, send: Send, request_id: str, seconds: float) -> None:
        self._send = send
        self._request_id = request_id
        self._seconds = seconds
        self._started = False

    async def start(self) -> None:
        headers = {
            "content-type": f"{EVENT_STREAM}; charset=utf-8",
            "cache-control": "no-store",
            "x-accel-buffering": "no",  # a proxy that collects an answer would hold it back for ever
            "x-request-id": self._request_id,
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        self._started = True
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        await self.send(_STILL_THERE)

    async def send(self, event: bytes) -> None:
        """Send an event; raises HungUp where the client takes nothing any more."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._send({"type": "http.response.body", "body": event, "more_body": True})
        except TimeoutError:
            raise HungUp from None

    async def end(self, errors: Iterable[GraphQLError]) -> None:
        if not self._started:
            await self.start()
        await self.send(_next(encode({"errors": told(errors, self._request_id)})) + _COMPLETE)
        await self._send({"type": "http.response.body", "body": b""})

    async def keep_alive(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            if self._started:
                await self.send(_STILL_THERE)


def _next(body: bytes) -> bytes:
    return b"event: next\ndata: " + body + b"\n\n"
