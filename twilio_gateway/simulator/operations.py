"""One operation of Twilio's API, and one call of it, checked before its handler sees it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.clock import Clock
from twilio_gateway.simulator.access import Caller, authenticate, reach
from twilio_gateway.simulator.faults import Faults
from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.postman import Postman
from twilio_gateway.simulator.settings import SimulatorSettings
from twilio_gateway.simulator.wire import TwilioError

PAGING = frozenset({"PageSize", "Page", "PageToken"})


@dataclass(frozen=True, slots=True)
class Simulator:
    """What every handler works with."""

    settings: SimulatorSettings
    clock: Clock
    ledger: Ledger
    postman: Postman
    faults: Faults

    def now(self) -> float:
        """The present, as the ledger counts it."""
        return self.clock.now().timestamp()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, after authentication: the account it is about, and its parameters."""

    simulator: Simulator
    caller: Caller
    account: Row
    path: Mapping[str, str]
    fields: Mapping[str, str]
    pairs: Sequence[tuple[str, str]] = ()
    """The parameters again, each as often as it was given."""

    @property
    def ledger(self) -> Ledger:
        """The simulator's memory."""
        return self.simulator.ledger


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and path exactly as Twilio's OpenAPI files have them, and the parameters understood here."""

    method: str
    path: str
    parameters: frozenset[str]
    handle: Callable[[Call], Awaitable[Response]]
    host: str = "api"
    keys: bool = True  # whether an API key may call it: a standard key reaches neither /Accounts nor /Keys
    json: bool = False  # whether it takes JSON in place of a form

    def route(self) -> Route:
        """The route on this server, where a host of Twilio's is the first part of the path."""
        return Route(f"/{self.host}{self.path}", self._answer, methods=[self.method])

    async def _answer(self, request: Request) -> Response:
        simulator: Simulator = request.app.state.simulator
        caller = authenticate(simulator.ledger, request.headers.get("Authorization"))
        if caller.by_key and not self.keys:
            raise TwilioError(401, 20003)
        path = dict(request.path_params)
        # On every other host the path names no account: the credentials do.
        account = reach(simulator.ledger, caller, path["AccountSid"]) if "AccountSid" in path else caller.account
        pairs = await (_members(request) if self.json else _pairs(request))
        fields = dict(pairs)
        if not self.parameters.issuperset(fields):
            raise TwilioError(400, 20001)  # Twilio ignores what it does not know; here a misspelling shows
        return await self.handle(Call(simulator, caller, account, path, fields, pairs))


async def _members(request: Request) -> list[tuple[str, str]]:
    """The members of a JSON object by name; what is no text as JSON."""
    try:
        body = orjson.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict) or not request.headers.get("Content-Type", "").startswith("application/json"):
        raise TwilioError(400, 20001)
    return [(name, one if isinstance(one, str) else orjson.dumps(one).decode()) for name, one in body.items()]


async def _pairs(request: Request) -> list[tuple[str, str]]:
    pairs: list[tuple[str, Any]] = request.query_params.multi_items()
    if request.method == "POST":
        async with request.form() as form:
            pairs = form.multi_items()
    return [(name, str(value)) for name, value in pairs]
