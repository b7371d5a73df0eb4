"""GraphQL over WebSockets, by the protocol graphql-transport-ws: its forerunner graphql-ws is not spoken."""

import asyncio
from functools import partial
from http import HTTPStatus

import structlog
from graphql import GraphQLError
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.graphql.failures import masked
from api.graphql.live.conversation import Conversation
from api.graphql.live.limits import Places, TooManyError
from api.graphql.live.protocol import SUBPROTOCOL, CloseCode, ClosingError, Messages
from api.graphql.live.subscriptions import Subscriptions
from api.graphql.live.visit import Visit
from api.graphql.operations import Asker, Operations
from api.graphql.transport import request_id_of
from auth.authentication import AuthenticationError, Authenticator, Credential
from auth.principal import Principal
from portal_schema.errors import ErrorCode


class WebSockets:
    """An ASGI application that takes sockets."""

    def __init__(
        self, operations: Operations, subscriptions: Subscriptions, authenticator: Authenticator, places: Places
    ) -> None:
        self._operations = operations
        self._subscriptions = subscriptions
        self._authenticator = authenticator
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one socket, or refuse it before it is one."""
        socket = WebSocket(scope, receive, send)
        request_id = request_id_of(socket.headers)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                credential = _credential(socket, self._authenticator)
                principal = await self._principal(credential) if credential else None
            except Exception as error:  # noqa: BLE001  whatever it is, the client learns nothing but the request id
                await _refuse(socket, error, request_id)
                return
            await socket.accept(SUBPROTOCOL, [(b"x-request-id", request_id.encode())])
            await self._talk(socket, credential, principal, request_id)

    async def _talk(
        self, socket: WebSocket, credential: Credential | None, principal: Principal | None, request_id: str
    ) -> None:
        live, limits = self._subscriptions.limits, self._operations.limits
        messages = Messages(socket, limits, live)
        try:
            credential = await _begin(messages, credential, live.init_seconds)
            principal = principal or await self._principal(credential)
            with self._places.taken(principal.key):
                visit = Visit(principal, partial(self._principal, credential))
                asker = Asker(principal, request_id, socket.client.host if socket.client else None)
                await Conversation(messages, visit, asker, self._operations, self._subscriptions).hold()
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001  whatever it is, the socket is closed
            await messages.close(_closing(error, request_id))

    async def _principal(self, credential: Credential) -> Principal:
        return await self._authenticator.principal(credential, seen=False)


def _credential(socket: WebSocket, authenticator: Authenticator) -> Credential | None:
    if SUBPROTOCOL not in socket["subprotocols"]:
        raise AuthenticationError(400, "BAD_USER_INPUT", f"The subprotocol spoken here is {SUBPROTOCOL}.")
    return authenticator.handshake(socket)


async def _begin(messages: Messages, credential: Credential | None, seconds: float) -> Credential:
    """Await the first message, which brings a token where the handshake brought nothing."""
    try:
        async with asyncio.timeout(seconds):
            while (frame := await messages.next()).type != "connection_init":
                if frame.type == "ping":
                    await messages.send("pong", payload=frame.payload)
                elif frame.type != "pong":
                    raise ClosingError(CloseCode.UNAUTHORIZED, "Begin with connection_init.")
    except TimeoutError:
        raise ClosingError(CloseCode.INIT_TIMEOUT, "connection_init did not come in time.") from None
    given = [value for name, value in (frame.payload or {}).items() if name.lower() == "authorization"]
    if len(given) > 1 or not all(isinstance(value, str) for value in given):
        raise ClosingError(CloseCode.BAD_REQUEST, "'Authorization' has to be one text.")
    if given and credential is not None:
        raise ClosingError(CloseCode.BAD_REQUEST, "Send one credential: a cookie, a header, or a token here.")
    return credential or Credential(authorization=given[0] if given else "")


def _closing(error: Exception, request_id: str) -> ClosingError:
    if isinstance(error, ClosingError):
        return error
    if isinstance(error, TooManyError):
        return ClosingError(CloseCode.TOO_MANY, str(error))
    if isinstance(error, AuthenticationError):
        code = CloseCode.FORBIDDEN if error.status == HTTPStatus.FORBIDDEN else CloseCode.UNAUTHORIZED
        return ClosingError(code, error.message)
    failure = masked(error, request_id)
    later = failure.code is ErrorCode.UPSTREAM_UNAVAILABLE
    return ClosingError(CloseCode.TRY_AGAIN_LATER if later else CloseCode.INTERNAL, failure.message)


async def _refuse(socket: WebSocket, error: Exception, request_id: str) -> None:
    """Answer the handshake with a status instead of a socket."""
    if isinstance(error, AuthenticationError):
        status, code, message = error.status, error.code, error.message
    else:
        failure = masked(error, request_id)
        status, code, message = HTTPStatus.SERVICE_UNAVAILABLE, failure.code.value, failure.message
    shown = GraphQLError(message, extensions={"code": code, "requestId": request_id})
    headers = {"cache-control": "no-store", "x-request-id": request_id}
    await socket.send_denial_response(JSONResponse({"errors": [shown.formatted]}, status, headers))
