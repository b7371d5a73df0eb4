"""The HTTP client that looks at media before a message with them is accepted: what they are, and how large."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from ssl import SSLContext
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from api.guarded_http import Sessions, open_sessions, was_refused
from api.webhook_names import SystemNames
from portal.messages.media import CONTENT_TYPES, LARGEST, Media, MediaFault
from portal.webhooks.targets import Network, addresses_problem, literal_address, url_problem

DEADLINE = timedelta(seconds=10)
_OK = 200
_CHUNK = 65_536
_HEADERS = {"User-Agent": "Media/1.0", "Accept-Encoding": "identity"}


class HttpMediaClient:
    """Implements the port `portal.messages.media.MediaClient`; `open` it. `resolver` and `tls` are there for tests."""

    def __init__(self, sessions: Sessions, allowed: Sequence[Network]) -> None:
        self._sessions = sessions
        self._allowed = allowed

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        allowed: Sequence[Network],
        *,
        resolver: AbstractResolver | None = None,
        tls: SSLContext | None = None,
        deadline: timedelta = DEADLINE,
    ) -> AsyncIterator["HttpMediaClient"]:
        """A client that also reaches the networks that are allowed."""
        names = resolver or SystemNames()
        async with open_sessions(allowed, names, headers=_HEADERS, tls=tls, deadline=deadline) as sessions:
            yield cls(sessions, allowed)

    def fault_of(self, url: str) -> MediaFault | None:
        """What is wrong with a URL by itself; names are checked by the resolver, when the connection is opened."""
        if url_problem(url) is not None:
            return MediaFault.NOT_A_URL
        literal = literal_address(urlsplit(url).hostname or "")
        if literal is not None and addresses_problem(url, [literal], self._allowed) is not None:
            return MediaFault.NOT_PUBLIC
        return None

    async def look_at(self, url: str) -> Media | MediaFault:
        """What its server says that it is: by GET, since what serves media by signed URLs often refuses HEAD.

        No more than the deadline passes. A redirection is not followed. The content is read where its length is not
        told, and then only to count it.
        """
        fault = self.fault_of(url)
        if fault is not None:
            return fault
        try:
            session = self._sessions[urlsplit(url).scheme]
            async with session.get(URL(url, encoded=True), allow_redirects=False) as response:
                try:
                    return await _told(url, response)
                finally:
                    response.close()  # what was not read is not read, so its connection is of no use
        except TimeoutError:
            return MediaFault.TIMED_OUT
        except (aiohttp.ClientError, OSError, ValueError) as error:
            unknown = was_refused(error) or isinstance(error, aiohttp.ClientConnectorDNSError)
            return MediaFault.NOT_PUBLIC if unknown else MediaFault.NO_ANSWER


async def _told(url: str, response: aiohttp.ClientResponse) -> Media | MediaFault:
    if response.status != _OK:
        redirects = 300 <= response.status < 400  # noqa: PLR2004  RFC 9110, 15.4
        return MediaFault.REDIRECTS if redirects else MediaFault.NOT_GIVEN
    content_type = response.content_type.lower()
    if content_type not in CONTENT_TYPES:
        return MediaFault.WRONG_TYPE
    size = response.content_length
    if size is None:
        size = await _count(response)
    if size > LARGEST:
        return MediaFault.TOO_LARGE
    return Media(url, content_type, size) if size else MediaFault.EMPTY


async def _count(response: aiohttp.ClientResponse) -> int:
    """How many bytes there are, counted no further than it matters."""
    size = 0
    async for chunk in response.content.iter_chunked(_CHUNK):
        size += len(chunk)
        if size > LARGEST:
            break
    return size
