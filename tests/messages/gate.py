"""Stands before the simulator: turns away or holds back requests of an account."""

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import Enum
from threading import Event
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Way(Enum):
    """What happens to one request to send."""

    THROUGH = "THROUGH"
    THROTTLED = "THROTTLED"  # 429, and nothing created
    BROKEN = "BROKEN"  # 500, and nothing created
    ANSWER_LOST = "ANSWER_LOST"  # created, and answered 500
    HELD = "HELD"  # let through once `released` is set
    HELD_AND_THROTTLED = "HELD_AND_THROTTLED"  # 429 once `released` is set


_REFUSALS = {Way.THROTTLED: 429, Way.HELD_AND_THROTTLED: 429, Way.BROKEN: 500}


@dataclass
class Gate:
    """The simulator's application behind a gate; what it is told holds for one account."""

    app: ASGIApp
    ways: defaultdict[str, deque[Way]] = field(default_factory=lambda: defaultdict(deque))
    creates: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))  # requests to send that came
    questions: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # the paths of GETs
    written: defaultdict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """What people wrote to the account's number, as Twilio's log has it, newest first."""
    unanswered: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))  # the status they get instead
    waiting: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))  # that stand, or stood, held
    released: Event = field(default_factory=Event)

    def next(self, account_sid: str, *ways: Way) -> None:
        """How the account's next requests to send go; those after them go through."""
        self.released.clear()
        self.ways[account_sid].extend(ways)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith("/Messages.json"):
            account_sid = scope["path"].split("/")[-2]
            self.creates[account_sid] += 1
            way = self.ways[account_sid].popleft() if self.ways[account_sid] else Way.THROUGH
            if way in {Way.HELD, Way.HELD_AND_THROTTLED}:
                form = await receive()  # a form is small: one message

                async def receive() -> Message:  # it has come in whole, even if the sender dies meanwhile
                    return form

                self.waiting[account_sid] += 1
                async with asyncio.timeout(60):
                    while not self.released.is_set():  # noqa: ASYNC110  the test is in another thread
                        await asyncio.sleep(0.005)
            if way is Way.ANSWER_LOST:
                await self.app(scope, receive, _unheard)
                await Response(status_code=500)(scope, receive, send)
                return
            if way in _REFUSALS:
                await Response(status_code=_REFUSALS[way])(scope, receive, send)
                return
        asks = scope["type"] == "http" and scope["method"] == "GET" and "/Messages" in scope["path"]
        await ((self._answer(scope) if asks else None) or self.app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        """What a question gets in place of the simulator's answer."""
        account_sid, _, path = scope["path"].partition("/Accounts/")[2].partition("/")
        to = parse_qs(scope["query_string"].decode()).get("To")
        if to is None:
            self.questions[account_sid].append(path)
        if status := self.unanswered[account_sid]:
            return Response(status_code=status)
        found = [one for one in self.written[account_sid] if [one["to"]] == to]
        page = json.dumps({"messages": found, "next_page_uri": None})  # which spells what is no character too
        return Response(page, media_type="application/json") if found else None


async def _unheard(_: Message) -> None:
    """An answer that nobody gets."""
