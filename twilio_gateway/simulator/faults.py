"""Faults by a seed: what goes wrong between Twilio and whoever sends, in shares of a hundred that are told over HTTP.

Each account's requests have their own chance, so the same requests of an account meet the same faults. Nothing happens
here that Twilio's documentation rules out: what is answered with 429 was never processed, 5xx and a lost connection
say nothing, and callbacks come repeated, late, in any order, or never.
"""

import asyncio
import random
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from sqlite3 import Row
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from twilio_gateway.simulator.cut import ConnectionCutError
from twilio_gateway.simulator.lifecycle import Planned
from twilio_gateway.simulator.magic import Outcome, Reply
from twilio_gateway.simulator.wire import TwilioError

_PATH = "/simulator/faults"
_BURST = (3, 30)  # requests of one account that are turned away together,
_BURST_SECONDS = 10.0  # as long as they come soon: who backs off is let in again
_LATEST = 12  # steps that a callback is late at most
Share = Annotated[float, Field(ge=0, le=100)]


class Shares(BaseModel):
    """How many of a hundred; all of them 0 is the end of the faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    bursts: Share = 0  # of requests to send: begin a burst of 429, and with it the account's next ones
    fault_before: Share = 0  # 500, and nothing created
    fault_after: Share = 0  # 500, and created
    cut_before: Share = 0  # the connection is cut, and nothing created
    cut_after: Share = 0  # the connection is cut, and created
    slow: Share = 0  # created, and answered late
    late: Share = 0  # created late, and answered then
    questions: Share = 0  # of requests to read: 429, 500 or cut
    callbacks_lost: Share = 0  # of callbacks
    callbacks_twice: Share = 0
    callbacks_late: Share = 0  # by some steps, so that later ones overtake them


_REPLIES: tuple[tuple[Literal["fault_after", "cut_after", "slow"], Reply], ...] = (
    ("fault_after", Reply.FAULT_AFTER),
    ("cut_after", Reply.CUT_AFTER),
    ("slow", Reply.SLOW),
)


@dataclass
class _Burst:
    """How many more requests are turned away, and until when."""

    left: int
    until: float

    def turns_away(self) -> bool:
        self.left -= 1
        return self.left >= 0 and time.monotonic() < self.until


class Faults:
    """What was told, and where each account stands in it."""

    def __init__(self, retry_after: timedelta, slow_answer: timedelta) -> None:
        self._retry_after = int(retry_after.total_seconds())
        self._slow = slow_answer.total_seconds()
        self.tell(Shares())

    def tell(self, shares: Shares) -> None:
        """Go by these from now on."""
        self._shares = shares
        self._chances: dict[tuple[str, int], random.Random] = {}
        self._bursts: dict[int, _Burst] = {}  # by account

    async def befall(self, account: Row, outcome: Outcome) -> Outcome:
        """What becomes of a request to send: the outcome with another reply, or the error at once.

        Raises:
            TwilioError: turned away, or broken before anything was created.
            ConnectionCutError: cut before anything was created.
        """
        shares, chance = self._shares, self._chance("send", account)
        if _falls(chance, shares.bursts):
            self._bursts[account["seq"]] = _Burst(chance.randint(*_BURST), time.monotonic() + _BURST_SECONDS)
        burst = self._bursts.get(account["seq"])
        if burst is not None and burst.turns_away():
            raise TwilioError(429, 20429, retry_after=chance.choice((None, self._retry_after)))
        if _falls(chance, shares.fault_before):
            raise TwilioError(500, 20500)
        if _falls(chance, shares.cut_before):
            raise ConnectionCutError
        if _falls(chance, shares.late):
            await asyncio.sleep(self._slow)
        for name, reply in _REPLIES:
            if _falls(chance, getattr(shares, name)):
                return replace(outcome, reply=reply)
        return outcome

    async def question(self, account: Row) -> None:
        """What becomes of a request to read.

        Raises:
            TwilioError: it is not answered now.
            ConnectionCutError: it is not answered at all.
        """
        chance = self._chance("read", account)
        if not _falls(chance, self._shares.questions):
            return
        match chance.randrange(3):
            case 0:
                raise TwilioError(429, 20429)
            case 1:
                raise TwilioError(500, 20500)
        raise ConnectionCutError

    def mixed(self, account: Row, planned: list[Planned], step: float) -> list[Planned]:
        """What was planned, with callbacks that are lost, repeated and late."""
        shares, chance = self._shares, self._chance("callback", account)
        mixed = []
        for one in planned:
            if one.kind != "callback":
                mixed.append(one)
                continue
            copies = 0 if _falls(chance, shares.callbacks_lost) else 1 + _falls(chance, shares.callbacks_twice)
            for _ in range(copies):
                late = chance.uniform(0, _LATEST) * step if _falls(chance, shares.callbacks_late) else 0.0
                mixed.append(replace(one, due=one.due + late))
        return mixed

    def _chance(self, what: str, account: Row) -> random.Random:
        # By the account's place: its SID is another one each time.
        key = (what, account["seq"])
        if key not in self._chances:
            self._chances[key] = random.Random(f"{self._shares.seed} {what} {account['seq']}")  # noqa: S311  no secret
        return self._chances[key]


def _falls(chance: random.Random, share: float) -> bool:
    return share > 0 and chance.random() * 100 < share


def table() -> str:
    """The names of the shares, for the documentation."""
    return ", ".join(f"`{name}`" for name in Shares.model_fields if name != "seed")


async def _tell(request: Request) -> Response:
    try:
        shares = Shares.model_validate(orjson.loads(await request.body()))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        return JSONResponse(
            {"message": "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong)}, 400
        )
    except ValueError:
        return JSONResponse({"message": "It takes a JSON object with seed and shares of a hundred."}, 400)
    request.app.state.simulator.faults.tell(shares)
    return JSONResponse(shares.model_dump())


ROUTES = (Route(_PATH, _tell, methods=["POST"]),)
