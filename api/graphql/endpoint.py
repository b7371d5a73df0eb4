"""The endpoint: one request in, one operation executed in its context, one answer out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError, OperationType
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.graphql.failures import Outcome, Refusal, invalid, masked, refused, told
from api.graphql.ide import IdePage
from api.graphql.live.event_stream import EventStreams, as_events
from api.graphql.operations import Asker, Operations, too_late
from api.graphql.transport import (
    EVENT_STREAM,
    JSON,
    HungUp,
    asks_for_a_page,
    asks_for_events,
    encode,
    media_type_for,
    read_parameters,
    request_id_of,
    send_answer,
    until_hung_up,
)
from auth.authentication import AuthenticationError
from auth.principal import Principal
from portal_schema.errors import ErrorCode

Authenticate = Callable[[Request], Awaitable[Principal]]


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status, or what it follows from, and a body."""

    outcome: Outcome | ErrorCode | int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphQLEndpoint:
    """An ASGI application that answers GraphQL over HTTP from a Strawberry schema.

    `operation_context` is entered around each operation and yields what resolvers find in `info.context`; leaving it
    commits, and an answer goes out only afterwards. A query is cancelled when its client hangs up. A mutation is not:
    its transaction would roll back anyhow, but the client could no longer learn whether it did.
    """

    def __init__(
        self,
        operations: Operations,
        *,
        authenticate: Authenticate,
        event_streams: EventStreams | None = None,
        ide_page: IdePage | None = None,
    ) -> None:
        self._operations = operations
        self._authenticate = authenticate
        self._event_streams = event_streams
        self._ide_page = ide_page
        self._limits = operations.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        request_id = request_id_of(request.headers)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            media_type = media_type_for(request.headers.get("accept"))
            try:
                if self._ide_page is not None and asks_for_a_page(request):
                    page = await self._ide_page(request)
                    await page(scope, receive, send)
                    return
                answer = await self._answer(request, request_id, send, acceptable=media_type is not None)
                if answer is None:
                    return
                body = encode(answer.body)
            except HungUp:
                return
            except Exception as error:  # noqa: BLE001  whatever it is, the client learns nothing but the request id
                failure = masked(error, request_id)
                headers = {"retry-after": "5"} if failure.code is ErrorCode.UPSTREAM_UNAVAILABLE else {}
                answer = _Answer(failure.code, {"errors": told([failure], request_id)}, headers)
                body = encode(answer.body)
            headers = {"x-request-id": request_id, **answer.headers}
            if media_type is None and answer.outcome is Outcome.ANSWERED:
                media_type, body = EVENT_STREAM, as_events(body)
            await send_answer(send, answer.outcome, media_type or JSON, body, headers)

    async def _answer(self, request: Request, request_id: str, send: Send, *, acceptable: bool) -> _Answer | None:
        try:
            return await self._execute(request, request_id, send, acceptable=acceptable)
        except Refusal as refusal:
            return _Answer(refusal.outcome, {"errors": told(refusal.errors, request_id)}, refusal.headers)
        except AuthenticationError as error:
            shown = GraphQLError(error.message, extensions={"code": error.code, "requestId": request_id})
            return _Answer(error.status, {"errors": [shown.formatted]}, error.headers)

    async def _execute(self, request: Request, request_id: str, send: Send, *, acceptable: bool) -> _Answer | None:
        if request.method not in {"GET", "POST"}:
            raise refused(Outcome.WRONG_METHOD, "Send operations with POST.", {"allow": "GET, POST"})
        principal = await self._authenticate(request)
        if request.method == "GET" and "authorization" not in request.headers:
            raise refused(Outcome.WRONG_METHOD, "A session's operations are sent with POST.", {"allow": "POST"})
        streams = self._event_streams if asks_for_events(request) else None
        if not acceptable and streams is None:
            raise refused(Outcome.NOT_ACCEPTABLE, f"Answers are {JSON} or its GraphQL kin.")
        operation = self._operations.bind(await read_parameters(request, self._limits))
        asker = Asker(principal, request_id, request.client.host if request.client else None)
        if operation.type is OperationType.SUBSCRIPTION and streams is not None:
            await streams.answer(request, send, operation, asker)
            return None
        if operation.type is not OperationType.QUERY and request.method == "GET":
            raise refused(Outcome.WRONG_METHOD, "Only queries are sent with GET.", {"allow": "POST"})
        if operation.type is OperationType.SUBSCRIPTION:
            raise invalid([GraphQLError(f"Subscribe over a WebSocket, or take {EVENT_STREAM}.")])
        running = self._operations.run(operation, asker)
        result = await self._in_time(running, request.receive, cancel=operation.type is OperationType.QUERY)
        return _Answer(Outcome.ANSWERED, operation.told(result, request_id))

    async def _in_time(self, running: Awaitable[ExecutionResult], receive: Receive, *, cancel: bool) -> ExecutionResult:
        """Await the result until the deadline; with `cancel`, until the client hangs up."""
        hung_up = False

        async def watch(deadline: asyncio.Timeout) -> None:
            nonlocal hung_up
            await until_hung_up(receive)
            hung_up = True
            deadline.reschedule(asyncio.get_running_loop().time())

        seconds = self._limits.deadline_seconds
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                watching = asyncio.create_task(watch(deadline)) if cancel else None
                try:
                    return await running
                finally:
                    if watching is not None:
                        watching.cancel()
        except TimeoutError:
            if not deadline.expired():
                raise
            if hung_up:
                raise HungUp from None
            raise too_late(self._limits) from None
