"""Stands before the simulator: counts what comes to it, and can turn requests away, or lose answers."""

from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Door:
    """The simulator's application, with a list of the requests that reached it."""

    app: ASGIApp
    seen: list[tuple[str, str]] = field(default_factory=list)
    closed_to: list[tuple[str, str, str]] = field(default_factory=list)  # username, method, end of the path; once each
    refuses: list[tuple[str, str, str]] = field(default_factory=list)  # the same: answered with 400
    loses: list[tuple[str, str, str]] = field(default_factory=list)  # the same: carried out, and the answer gets lost

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.seen.append((scope["method"], scope["path"]))
            is_lost = _take(self.loses, scope)
            if is_lost:
                await self.app(scope, receive, _nowhere)
            if _take(self.refuses, scope):
                await Response('{"code": 20001}', 400)(scope, receive, send)
                return
            if is_lost or _take(self.closed_to, scope):
                await Response(status_code=503)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def count(self, method: str, part: str) -> int:
        """How many requests of this method had this in their path."""
        return sum(1 for seen_method, path in list(self.seen) if seen_method == method and part in path)


def _take(entries: list[tuple[str, str, str]], scope: Scope) -> bool:
    """Whether a request is one of these, which is used up by it."""
    for entry in entries:
        if scope["method"] == entry[1] and scope["path"].endswith(entry[2]) and entry[0] in scope["path"]:
            entries.remove(entry)
            return True
    return False


async def _nowhere(_: Message) -> None:
    """Where lost answers go."""
