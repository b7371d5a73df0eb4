"""What becomes of an operation, however it came: prepared within the limits, run in its context, told of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import strawberry
from graphql import ExecutionResult, OperationType
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable

from api.graphql.documents import Documents
from api.graphql.failures import Outcome, Refusal, invalid, told
from api.graphql.limits import Limits, over_limit
from api.graphql.transport import Parameters
from auth.principal import Principal
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import core_schema

OperationContext = Callable[[Principal, OperationType, str, str | None], AbstractAsyncContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in which request, from where."""

    principal: Principal
    request_id: str
    address: str | None


@dataclass(frozen=True, slots=True)
class BoundOperation:
    """A valid operation with its variables, within the limits."""

    type: OperationType
    executor: Executor[Any]
    cost: int

    def told(self, result: ExecutionResult, request_id: str) -> dict[str, Any]:
        """What a client is answered with this result."""
        body: dict[str, Any] = {"data": result.data, "extensions": {"cost": {"requested": self.cost}}}
        if result.errors:
            body["errors"] = told(result.errors, request_id)
        return body


class Operations:
    """The operations of a schema.

    `operation_context` is entered around each one and yields what resolvers find in `info.context`; leaving it commits.
    `documents` are those of this schema within these limits; without them it keeps its own.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        operation_context: OperationContext,
        limits: Limits,
        documents: Documents | None = None,
    ) -> None:
        if schema.extensions or schema.directives:
            raise ValueError("the endpoint runs no schema extensions or operation directives: they would do nothing")
        self._schema = schema
        self._operation_context = operation_context
        self._documents = documents or Documents(schema, limits)
        self.limits = limits

    def bind(self, parameters: Parameters) -> BoundOperation:
        """Prepare an operation, coerce its variables and count its cost, before anything is opened for it.

        Raises:
            Refusal: the document or the variables are invalid, or too large, or there is no such operation.
        """
        prepared = self._documents.prepare(parameters.query)
        operation = prepared.operation(parameters.operation_name)
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
        cost, most = operation.cost.total(executor.variable_values.coerced), self.limits.cost
        if cost > most:
            message = f"The operation costs {cost}; {most} is the most."
            raise over_limit(ErrorCode.COST_EXCEEDED, message, cost={"requested": cost, "limit": most})
        return BoundOperation(operation.type, executor, cost)

    async def run(self, operation: BoundOperation, asker: Asker) -> ExecutionResult:
        """Run it once.

        Raises:
            Refusal: its context refused it.
        """
        async with self.context(operation.type, asker) as context:
            return await execute(operation.executor, context)

    async def run_in_time(self, operation: BoundOperation, asker: Asker) -> ExecutionResult:
        """Run it once, until the deadline.

        Raises:
            Refusal: its context refused it, or it took too long.
        """
        deadline = asyncio.timeout(self.limits.deadline_seconds)
        try:
            async with deadline:
                return await self.run(operation, asker)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise too_late(self.limits) from None

    @asynccontextmanager
    async def context(self, kind: OperationType, asker: Asker) -> AsyncIterator[Any]:
        """What operations of this kind run in; leaving it commits.

        Raises:
            Refusal: it cannot be entered.
        """
        try:
            async with self._operation_context(asker.principal, kind, asker.request_id, asker.address) as context:
                yield context
        except RequestError as error:
            raise Refusal(error.code, [error]) from None


def too_late(limits: Limits) -> Refusal:
    """The refusal of what did not end by the deadline."""
    message = (
        f"The operation was stopped after {limits.deadline_seconds:g} seconds; what had not been committed is undone."
    )
    return Refusal(Outcome.DEADLINE_PASSED, [RequestError(ErrorCode.UPSTREAM_UNAVAILABLE, message)])


async def execute(executor: Executor[Any], context: Any) -> ExecutionResult:
    """Execute what was bound, in an open context."""
    executor.context_value = context
    result = executor.execute_operation()
    if isawaitable(result):
        result = await result
    if not isinstance(result, ExecutionResult):
        raise TypeError("incremental delivery is not answered here")
    return result
