"""The endpoint: one request in, one operation executed in its context, one answer out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, cast

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError, OperationType
from graphql.execution import Executor
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from strawberry.execution import optimized_is_awaitable

from api.graphql.documents import Documents, Operation, PreparedDocument
from api.graphql.failures import Outcome, Refusal, invalid, masked, refused, told
from api.graphql.ide import IdePage
from api.graphql.limits import Limits, over_limit
from api.graphql.transport import (
    JSON,
    HungUp,
    Parameters,
    asks_for_a_page,
    encode,
    media_type_for,
    read_parameters,
    request_id_of,
    send_answer,
    until_hung_up,
)
from auth.authentication import AuthenticationError
from auth.principal import Principal
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import core_schema

Authenticate = Callable[[Request], Awaitable[Principal]]
OperationContext = Callable[[Principal, OperationType, str, str | None], AbstractAsyncContextManager[Any]]


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
        schema: strawberry.Schema,
        *,
        authenticate: Authenticate,
        operation_context: OperationContext,
        limits: Limits | None = None,
        ide_page: IdePage | None = None,
    ) -> None:
        if schema.extensions or schema.directives:
            raise ValueError("the endpoint runs no schema extensions or operation directives: they would do nothing")
        self._schema = schema
        self._authenticate = authenticate
        self._operation_context = operation_context
        self._limits = limits or Limits()
        self._ide_page = ide_page
        self._documents = Documents(schema, self._limits)

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
                answer = await self._answer(request, request_id, acceptable=media_type is not None)
                body = encode(answer.body)
            except HungUp:
                return
            except Exception as error:  # noqa: BLE001  whatever it is, the client learns nothing but the request id
                failure = masked(error, request_id)
                headers = {"retry-after": "5"} if failure.code is ErrorCode.UPSTREAM_UNAVAILABLE else {}
                answer = _Answer(failure.code, {"errors": told([failure], request_id)}, headers)
                body = encode(answer.body)
            headers = {"x-request-id": request_id, **answer.headers}
            await send_answer(send, answer.outcome, media_type or JSON, body, headers)

    async def _answer(self, request: Request, request_id: str, *, acceptable: bool) -> _Answer:
        try:
            return await self._execute(request, request_id, acceptable=acceptable)
        except Refusal as refusal:
            return _Answer(refusal.outcome, {"errors": told(refusal.errors, request_id)}, refusal.headers)
        except AuthenticationError as error:
            shown = GraphQLError(error.message, extensions={"code": error.code, "requestId": request_id})
            return _Answer(error.status, {"errors": [shown.formatted]}, error.headers)

    async def _execute(self, request: Request, request_id: str, *, acceptable: bool) -> _Answer:
        if request.method not in {"GET", "POST"}:
            raise refused(Outcome.WRONG_METHOD, "Send operations with POST.", {"allow": "GET, POST"})
        principal = await self._authenticate(request)
        if request.method == "GET" and "authorization" not in request.headers:
            raise refused(Outcome.WRONG_METHOD, "A session's operations are sent with POST.", {"allow": "POST"})
        if not acceptable:
            raise refused(Outcome.NOT_ACCEPTABLE, f"Answers are {JSON} or its GraphQL kin.")
        parameters = await read_parameters(request, self._limits)
        prepared = self._documents.prepare(parameters.query)
        operation = prepared.operation(parameters.operation_name)
        if operation.type is not OperationType.QUERY and request.method == "GET":
            raise refused(Outcome.WRONG_METHOD, "Only queries are sent with GET.", {"allow": "POST"})
        if operation.type is OperationType.SUBSCRIPTION:
            raise invalid([GraphQLError("Subscriptions are not answered here.")])
        executor, cost = self._bind(prepared, operation, parameters)
        address = request.client.host if request.client else None
        running = self._run(executor, principal, operation, request_id, address)
        result = await self._in_time(running, request.receive, cancel=operation.type is OperationType.QUERY)
        body: dict[str, Any] = {"data": result.data, "extensions": {"cost": {"requested": cost}}}
        if result.errors:
            body["errors"] = told(result.errors, request_id)
        return _Answer(Outcome.ANSWERED, body)

    def _bind(
        self, prepared: PreparedDocument, operation: Operation, parameters: Parameters
    ) -> tuple[Executor[Any], int]:
        """Coerce the variables and count the cost, before anything is opened for the operation."""
        executor = self._schema.execution_context_class.build(
            core_schema(self._schema),
            prepared.document,
            raw_variable_values=parameters.variables,
            operation_name=parameters.operation_name,
            is_awaitable=cast("Any", optimized_is_awaitable),  # typed as a bool where graphql-core wants a TypeGuard
            hide_suggestions=True,
            operation_extensions=parameters.extensions,
        )
        if isinstance(executor, list):
            raise invalid(executor)
        cost, most = operation.cost.total(executor.variable_values.coerced), self._limits.cost
        if cost > most:
            message = f"The operation costs {cost}; {most} is the most."
            raise over_limit(ErrorCode.COST_EXCEEDED, message, cost={"requested": cost, "limit": most})
        return executor, cost

    async def _run(
        self, executor: Executor[Any], principal: Principal, operation: Operation, request_id: str, address: str | None
    ) -> ExecutionResult:
        try:
            async with self._operation_context(principal, operation.type, request_id, address) as context:
                executor.context_value = context
                result = executor.execute_operation()
                if isawaitable(result):
                    result = await result
        except RequestError as error:
            raise Refusal(error.code, [error]) from None
        if not isinstance(result, ExecutionResult):
            raise TypeError("incremental delivery is not answered here")
        return result

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
            message = f"The operation was stopped after {seconds:g} seconds; what had not been committed is undone."
            stopped = RequestError(ErrorCode.UPSTREAM_UNAVAILABLE, message)
            raise Refusal(Outcome.DEADLINE_PASSED, [stopped]) from None
