"""A browser as far as signing in needs one: it carries cookies, and goes where it is sent."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2

from auth.authentication import SESSION_COOKIE
from tests.auth.house import House

CALLBACK = "/sign-in/external/callback"


@dataclass
class Browser:
    """One browser; the client's own jar would keep the portal's Secure cookies from plain HTTP."""

    house: House
    at_provider: httpx2.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # every answer of the portal, heads and bodies

    async def get(self, path: str) -> httpx2.Response:
        return self._take(await self.house.http.get(path, headers=self._headers()))

    async def post(self, path: str, fields: dict[str, str] | None = None) -> httpx2.Response:
        return self._take(await self.house.submit(path, fields or {"return_to": "/page"}, **self._headers()))

    async def leave(self, return_to: str = "/page") -> str:
        """Press the button; where the portal sends the browser."""
        return leaving_to(await self.post("/sign-in/external", {"return_to": return_to}))

    async def log_in(self, url: str, **who: str) -> str:
        """Log in at the provider; where it sends the browser back to."""
        while not url.startswith(self.house.public_url):
            interaction = urlsplit(url).path.startswith("/interaction/")
            answer = await (self.at_provider.post(url, data=who) if interaction else self.at_provider.get(url))
            assert answer.status_code == 303, answer.text
            url = str(answer.url.join(answer.headers["location"]))
        return url.removeprefix(self.house.public_url)

    async def sign_in(self, return_to: str = "/page", **who: str) -> httpx2.Response:
        """All of it; the answer to the way back."""
        return await self.get(await self.log_in(await self.leave(return_to), **who))

    async def who(self) -> str:
        """Whose session it has."""
        return (await self.get("/page")).text

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _take(self, answer: httpx2.Response) -> httpx2.Response:
        self.seen += [str(answer.headers.raw), answer.text]
        for header in answer.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in header:
                del self.cookies[name]
        return answer

    @property
    def session(self) -> str | None:
        return self.cookies.get(SESSION_COOKIE)


@asynccontextmanager
async def browser(house: House) -> AsyncIterator[Browser]:
    """A new one."""
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as at_provider:
        yield Browser(house, at_provider)


def leaving_to(answer: httpx2.Response) -> str:
    """Where a page that goes on to the provider leads: its header and its link say the same."""
    assert answer.status_code == 200, answer.text
    link = re.search(r'<a class="button" href="([^"]+)">', answer.text)
    assert link
    url = unescape(link[1])
    assert answer.headers["refresh"] == f"0; url={url}"
    return url


def parameters(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
