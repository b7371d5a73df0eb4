"""Stands before the simulator: counts what comes to it, and can turn requests away."""

from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class Door:
    """The simulator's application, with a list of the requests that reached it."""

    app: ASGIApp
    seen: list[tuple[str, str]] = field(default_factory=list)
    closed_to: list[tuple[str, str, str]] = field(default_factory=list)  # username, method, end of the path; once each

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.seen.append((scope["method"], scope["path"]))
            for entry in self.closed_to:
                if scope["method"] == entry[1] and scope["path"].endswith(entry[2]) and entry[0] in scope["path"]:
                    self.closed_to.remove(entry)
                    await Response(status_code=503)(scope, receive, send)
                    return
        await self.app(scope, receive, send)

    def count(self, method: str, part: str) -> int:
        """How many requests of this method had this in their path."""
        return sum(1 for seen_method, path in list(self.seen) if seen_method == method and part in path)
