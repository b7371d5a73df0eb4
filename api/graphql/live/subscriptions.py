"""One subscription: it waits for changes, reads each anew as a query would, and ends when it may no longer.

Strawberry's own handler would run it with one context, so one transaction and one set of permissions, for as long as it
lasts, and knows neither our limits nor our documents: here each reading is an execution like any other.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from graphql import ExecutionResult

from api.graphql.failures import Outcome, Refusal
from api.graphql.live.limits import LiveLimits, Turns
from api.graphql.live.visit import Visit
from api.graphql.operations import Asker, BoundOperation, Operations, execute
from portal.live.bus import BusUnavailableError
from portal.live.changes import Change
from portal.live.hub import Hub, MissedError, Watch
from portal_schema.errors import ErrorCode, RequestError

_AT_ONCE = 20  # changes that are read in one transaction
_AGAIN = "Something may have been missed: subscribe again, and read anew what you show."
_DEAF = "Changes cannot be heard just now. Try again in a moment."

Bodies = AsyncGenerator[dict[str, Any], None]


class Subscriptions:
    """Opens them; a reading takes a turn, so that news for many leaves connections, and turns, to everybody else."""

    def __init__(self, operations: Operations, hub: Hub, limits: LiveLimits) -> None:
        self._operations = operations
        self._hub = hub
        self._turns = Turns(limits.readers, limits.readers_of_tenant)
        self.limits = limits

    @asynccontextmanager
    async def open(self, operation: BoundOperation, visit: Visit, asker: Asker) -> AsyncIterator[Bodies]:
        """Look on; from when this is entered, what commits is delivered.

        Raises:
            Refusal: it may not be looked on at, or something was missed.
            AuthenticationError: nobody is known behind the connection any more.
        """
        tenant_id = asker.principal.tenant_id
        if tenant_id is None:  # the context refuses it
            await self._check(operation, asker)
            raise _ended(ErrorCode.FORBIDDEN, "Choose a tenant first.")
        try:
            async with self._hub.watching(tenant_id) as watch:
                watch.narrow(await self._check(operation, asker))
                bodies = self._deliver(operation, visit, asker, watch)
                try:
                    yield bodies
                finally:
                    await bodies.aclose()
        except MissedError:
            raise _ended(ErrorCode.UPSTREAM_UNAVAILABLE, _AGAIN) from None
        except BusUnavailableError:
            raise _ended(ErrorCode.UPSTREAM_UNAVAILABLE, _DEAF) from None

    async def _deliver(self, operation: BoundOperation, visit: Visit, asker: Asker, watch: Watch) -> Bodies:
        while True:
            changes: list[Change] = []
            try:
                async with asyncio.timeout(self.limits.recheck_seconds * random.uniform(0.5, 1)):  # noqa: S311  jitter
                    changes = await watch.next(_AT_ONCE)
            except TimeoutError:
                pass
            await visit.still(self.limits.fresh_seconds)
            asker = replace(asker, principal=visit.principal)
            if not changes:
                await self._check(operation, asker)
            for result in await self._read(operation, asker, changes):
                if _concerns(result):
                    yield operation.told(result, asker.request_id)

    async def _check(self, operation: BoundOperation, asker: Asker) -> Callable[[Change], bool]:
        """Whether it may be looked on at; what concerns it."""
        async with self._reading(operation, asker) as context:
            result = await execute(operation.executor.build_per_event_executor(None), context)
            _concerns(result)
            concerns: Callable[[Change], bool] | None = context.concerns
        if concerns is None:
            raise _ended(ErrorCode.BAD_USER_INPUT, "The subscription selects nothing.")
        return concerns

    async def _read(self, operation: BoundOperation, asker: Asker, changes: Sequence[Change]) -> list[ExecutionResult]:
        if not changes:
            return []
        async with self._reading(operation, asker) as context:
            return [await execute(operation.executor.build_per_event_executor(change), context) for change in changes]

    @asynccontextmanager
    async def _reading(self, operation: BoundOperation, asker: Asker) -> AsyncIterator[Any]:
        async with (
            self._turns.taken(asker.principal.tenant_id),
            asyncio.timeout(self._operations.limits.deadline_seconds),
            self._operations.context(operation.type, asker) as context,
        ):
            yield context


def _concerns(result: ExecutionResult) -> bool:
    """Whether there is something to deliver.

    Raises:
        Refusal: the field itself failed, not only something below it.
    """
    if result.data and any(value is not None for value in result.data.values()):
        return True
    if result.errors:
        raise Refusal(Outcome.ANSWERED, result.errors)
    return False


def _ended(code: ErrorCode, message: str) -> Refusal:
    return Refusal(code, [RequestError(code, message)])
