"""The HTTP client of webhooks: it reaches public addresses and the networks that the operator names, nothing else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from ssl import SSLContext
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from api.guarded_http import Sessions, open_sessions, was_refused
from api.webhook_names import SystemNames
from portal.clock import Clock
from portal.webhooks.client import Answer, NoAnswer
from portal.webhooks.targets import (
    NOT_PUBLIC,
    Address,
    Network,
    addresses_problem,
    literal_address,
    url_problem,
)

DEADLINE = timedelta(seconds=15)
LONGEST_KEPT = 2048
_RESOLVE_SECONDS = 3.0
_CHECKS = 3  # URLs that are checked at once: whoever sets one holds a connection to the database meanwhile
_BUSY = "Its host cannot be looked up just now, as others are: try again in a moment."
_TIMED_OUT = f"No answer within {DEADLINE.seconds} seconds."
_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "Its certificate is not valid for this host."),
    (aiohttp.ClientSSLError, "No connection by TLS could be made."),
    (aiohttp.ClientConnectorDNSError, NOT_PUBLIC),
    (aiohttp.ClientConnectorError, "No connection could be made."),
    (aiohttp.ServerDisconnectedError, "The connection ended before an answer came."),
    (ConnectionError, "The connection ended before an answer came."),
)
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Webhooks/1.0", "Accept-Encoding": "identity"}


class HttpWebhookClient:
    """Hands events over; open it with `open`. `resolver` and `tls` are there for tests."""

    def __init__(
        self,
        sessions: Sessions,
        resolver: AbstractResolver,
        allowed: Sequence[Network],
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._resolver = resolver
        self._allowed = allowed
        self._clock = clock
        self._checks = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        allowed: Sequence[Network],
        clock: Clock,
        *,
        resolver: AbstractResolver | None = None,
        tls: SSLContext | None = None,
        deadline: timedelta = DEADLINE,
    ) -> AsyncIterator["HttpWebhookClient"]:
        """A client that also reaches the networks that are allowed."""
        inner = resolver or SystemNames()
        async with open_sessions(allowed, inner, headers=_HEADERS, tls=tls, deadline=deadline) as sessions:
            yield cls(sessions, inner, allowed, clock)

    async def problem_of(self, url: str) -> str | None:
        """Why no event may go there; None where it may."""
        problem = url_problem(url)
        if problem is not None:
            return problem
        host = urlsplit(url).hostname or ""
        literal = literal_address(host)
        if literal is None and self._checks >= _CHECKS:
            return _BUSY
        addresses = [literal] if literal is not None else await self._addresses(host)
        return addresses_problem(url, addresses, self._allowed)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer | NoAnswer:
        """Hand one event over, once; a redirection is an answer and not followed."""
        problem = self._unfit(url)
        if problem is not None:
            return NoAnswer(problem)
        try:
            session = self._sessions[urlsplit(url).scheme]
            async with session.post(
                URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                return Answer(response.status, await _beginning(response), self._retry_after(response))
        except TimeoutError:
            return NoAnswer(_TIMED_OUT)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return NoAnswer(_problem(error))

    def _unfit(self, url: str) -> str | None:
        """What is wrong with the URL by itself; names are checked by the resolver, when the connection is opened."""
        problem = url_problem(url)
        literal = literal_address(urlsplit(url).hostname or "") if problem is None else None
        if literal is not None:
            return addresses_problem(url, [literal], self._allowed)
        return problem

    async def _addresses(self, host: str) -> list[Address]:
        self._checks += 1
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await self._resolver.resolve(host, 0, socket.AF_UNSPEC)
        except (OSError, ValueError):  # TimeoutError is an OSError
            return []
        finally:
            self._checks -= 1
        return [ip_address(one["host"]) for one in found]

    def _retry_after(self, response: aiohttp.ClientResponse) -> timedelta | None:
        """What the endpoint asks for (RFC 9110, 10.2.3), in either of its spellings; None where it cannot be read."""
        given = response.headers.get("Retry-After", "").strip()
        if given.isascii() and given.isdigit():
            return timedelta(seconds=min(int(given[:9]), 10**8))
        try:
            at = parsedate_to_datetime(given)
        except (ValueError, OverflowError):
            return None
        return max(timedelta(0), (at if at.tzinfo else at.replace(tzinfo=UTC)) - self._clock.now())


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """The first of the body; the status has been heard, so nothing that goes wrong here changes the outcome."""
    kept = b""
    try:
        while len(kept) < LONGEST_KEPT and (chunk := await response.content.read(LONGEST_KEPT - len(kept))):
            kept += chunk
    except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
        pass
    if not response.content.at_eof():
        response.close()  # a longer answer is not read, so its connection is of no use
    return kept.decode("utf-8", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _problem(error: Exception) -> str:
    """What went wrong, in words of ours: an error's own text may tell of the portal's network."""
    if was_refused(error):
        return NOT_PUBLIC
    return next((text for kind, text in _PROBLEMS if isinstance(error, kind)), "Its answer could not be read.")
