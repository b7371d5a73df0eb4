"""The messages of graphql-transport-ws, and the codes that close a socket."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.graphql.failures import Refusal
from api.graphql.limits import Limits
from api.graphql.live.limits import LiveLimits
from api.graphql.transport import encode, read_json

SUBPROTOCOL = "graphql-transport-ws"
_TYPES = {"connection_init", "ping", "pong", "subscribe", "complete"}
_LONGEST_REASON = 123  # bytes, RFC 6455 section 5.5


class CloseCode(IntEnum):
    """Why a socket is closed: the protocol's own codes, and RFC 6455's for what may be tried again."""

    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    TOO_MANY = 4429
    INTERNAL = 4500


class ClosingError(Exception):
    """The socket is to be closed, with this code and reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Frame:
    """A message that a client sent."""

    type: str
    id: str
    payload: Mapping[str, Any] | None


class Messages:
    """A socket, message by message."""

    def __init__(self, socket: WebSocket, limits: Limits, live: LiveLimits) -> None:
        self._socket = socket
        self._limits = limits
        self._live = live

    async def next(self) -> Frame:
        """The client's next message.

        Raises:
            WebSocketDisconnect: it hung up.
            ClosingError: it is none of the protocol's.
        """
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        return _frame(event.get("text"), self._limits, self._live.id_characters)

    async def send(self, kind: str, name: str | None = None, payload: object = None) -> None:
        """Send a message.

        Raises:
            WebSocketDisconnect: the client hung up, or takes nothing any more.
        """
        message = {"id": name, "type": kind, "payload": payload}
        text = encode({key: value for key, value in message.items() if value is not None}).decode()
        try:
            async with asyncio.timeout(self._live.send_seconds):
                await self._socket.send_text(text)
        except TimeoutError:
            raise WebSocketDisconnect(1006) from None

    async def close(self, why: ClosingError) -> None:
        """Close the socket, unless the client has."""
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # Starlette's, for a closed socket
            async with asyncio.timeout(self._live.send_seconds):
                await self._socket.close(why.code, why.reason)


def _frame(text: str | None, limits: Limits, id_characters: int) -> Frame:
    if text is None:
        raise _bad("Messages are texts.")
    try:
        given = read_json(text.encode(), limits)
    except (Refusal, UnicodeEncodeError):
        raise _bad("Messages are JSON, neither too deep nor of too many objects.") from None
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in _TYPES:
        raise _bad(f"Messages are objects whose 'type' is {', '.join(sorted(_TYPES))}.")
    name, payload = given.get("id", ""), given.get("payload")
    if not isinstance(name, str) or len(name) > id_characters or (not name and kind in {"subscribe", "complete"}):
        raise _bad(f"'id' has to be a text of 1 to {id_characters} characters.")
    if not isinstance(payload, dict | None) or (payload is None and kind == "subscribe"):
        raise _bad("'payload' has to be an object.")
    return Frame(kind, name, payload)


def _bad(reason: str) -> ClosingError:
    return ClosingError(CloseCode.BAD_REQUEST, reason)
