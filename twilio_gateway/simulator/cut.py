"""Cuts a connection instead of answering, as a broken network would."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ABORT = "twilio_simulator.abort"  # the server puts the connection's abort into the scope's extensions under this name


class ConnectionCutError(Exception):
    """The request is to get no answer."""


class CutConnection(Response):
    """Answers nothing and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  nothing is sent
        """Abort the connection and wait until it is gone."""
        scope["extensions"][ABORT]()
        while (await receive())["type"] != "http.disconnect":
            pass
