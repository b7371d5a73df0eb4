"""Stands before the simulator: sees who asks for usage records, and can hold requests back or turn them away."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from threading import Event
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class UsageDoor:
    """The simulator's application behind a door; what it is told holds for one account."""

    app: ASGIApp
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Each request for a first page, in their order: the account, and the days, both of them included."""
    refusals: defaultdict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    """The statuses that an account's next requests get in place of an answer; 200 lets one through."""
    held: dict[str, tuple[int, Event]] = field(default_factory=dict)
    """Which request of an account waits, and until what is set."""

    def days_of(self, account_sid: str) -> list[tuple[str, str]]:
        """The days that this account was asked about."""
        return [(first, last) for asked, first, last in self.asked if asked == account_sid]

    def hold(self, account_sid: str, request: int = 1) -> Event:
        """Hold the account's first request, or another, until the answer is set."""
        self.held[account_sid] = (request, Event())
        return self.held[account_sid][1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "/Usage/Records/Daily" in scope["path"]:
            account = scope["path"].partition("/Accounts/")[2].partition("/")[0]
            query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
            if "PageToken" not in query:
                self.asked.append((account, query["StartDate"], query["EndDate"]))
            held = self.held.get(account)
            if held is not None and len(self.days_of(account)) == held[0]:
                del self.held[account]
                async with asyncio.timeout(60):
                    while not held[1].is_set():  # noqa: ASYNC110  the test is in another thread
                        await asyncio.sleep(0.005)
            status = self.refusals[account].popleft() if self.refusals[account] else 200
            if status != 200:
                await Response(status_code=status)(scope, receive, send)
                return
        await self.app(scope, receive, send)
