"""One socket after its beginning: operations side by side, and an end as soon as nobody may look on any more.

It answers queries too, so that a reader subscribes, then reads, and misses nothing between. It takes no mutations: the
answer to one could be lost with the socket, and POST has a status for that.
"""

import asyncio
import random
from dataclasses import replace

from graphql import OperationType
from starlette.websockets import WebSocketDisconnect

from api.graphql.failures import Outcome, Refusal, masked, refused, told
from api.graphql.live.protocol import CloseCode, ClosingError, Frame, Messages
from api.graphql.live.subscriptions import Subscriptions
from api.graphql.live.visit import Visit
from api.graphql.operations import Asker, Operations
from api.graphql.transport import Parameters, parameters_of
from auth.authentication import AuthenticationError
from portal_schema.errors import ErrorCode, RequestError


class Conversation:
    """Takes a client's messages, and runs what it asks for."""

    def __init__(
        self, messages: Messages, visit: Visit, asker: Asker, operations: Operations, subscriptions: Subscriptions
    ) -> None:
        self._messages = messages
        self._visit = visit
        self._asker = asker
        self._operations = operations
        self._subscriptions = subscriptions
        self._live = subscriptions.limits
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()

    async def hold(self) -> None:
        """Hold it until it ends, which always is with an exception.

        Raises:
            WebSocketDisconnect: the client hung up.
            AuthenticationError: nobody is known behind the socket any more.
            ClosingError: the client broke the protocol.
        """
        try:
            async with self._tasks:
                self._tasks.create_task(self._watch_over())
                await self._messages.send("connection_ack")
                while True:
                    await self._take(await self._messages.next())
        except BaseExceptionGroup as ended:
            raise ended.exceptions[0] from None

    async def _watch_over(self) -> None:
        every = self._live.recheck_seconds
        while True:
            await asyncio.sleep(every * random.uniform(0.5, 1))  # noqa: S311  jitter
            await self._visit.still(every / 2)

    async def _take(self, frame: Frame) -> None:
        match frame.type:
            case "subscribe":
                await self._subscribe(frame)
            case "complete":
                if task := self._running.pop(frame.id, None):
                    task.cancel()
            case "ping":
                await self._messages.send("pong", payload=frame.payload)
            case "connection_init":
                raise ClosingError(CloseCode.TOO_MANY, "connection_init was sent before.")

    async def _subscribe(self, frame: Frame) -> None:
        if frame.id in self._running:
            raise ClosingError(CloseCode.DUPLICATE_ID, "This id has an operation already.")
        try:
            parameters = parameters_of(frame.payload)
        except Refusal as refusal:
            raise ClosingError(CloseCode.BAD_REQUEST, refusal.errors[0].message) from None
        if len(self._running) >= self._live.operations:
            message = f"A socket runs {self._live.operations} operations at once: complete some."
            await self._fail(frame.id, Refusal(ErrorCode.RATE_LIMITED, [RequestError(ErrorCode.RATE_LIMITED, message)]))
            return
        opened = asyncio.Event()
        self._running[frame.id] = self._tasks.create_task(self._operate(frame.id, parameters, opened))
        await opened.wait()  # what is asked next sees everything that this one will not be told

    async def _operate(self, name: str, parameters: Parameters, opened: asyncio.Event) -> None:
        try:
            await self._run(name, parameters, opened)
            await self._messages.send("complete", name)
        except (AuthenticationError, WebSocketDisconnect):
            raise
        except Refusal as refusal:
            await self._fail(name, refusal)
        except Exception as error:  # noqa: BLE001  whatever it is, the client learns nothing but the request id
            failure = masked(error, self._asker.request_id)
            await self._fail(name, Refusal(failure.code, [failure]))
        finally:
            opened.set()
            if self._running.get(name) is asyncio.current_task():  # once completed, the id may be another's
                del self._running[name]

    async def _run(self, name: str, parameters: Parameters, opened: asyncio.Event) -> None:
        operation = self._operations.bind(parameters)
        if operation.type is OperationType.MUTATION:
            raise refused(Outcome.WRONG_METHOD, "Send mutations with POST: over a socket the answer could be lost.")
        await self._visit.still(self._live.fresh_seconds)
        asker = replace(self._asker, principal=self._visit.principal)
        if operation.type is OperationType.SUBSCRIPTION:
            async with self._subscriptions.open(operation, self._visit, asker) as bodies:
                opened.set()
                async for body in bodies:
                    await self._messages.send("next", name, body)
            return
        opened.set()
        result = await self._operations.run_in_time(operation, asker)
        await self._messages.send("next", name, operation.told(result, asker.request_id))

    async def _fail(self, name: str, refusal: Refusal) -> None:
        await self._messages.send("error", name, told(refusal.errors, self._asker.request_id))
