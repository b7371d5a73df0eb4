"""Asks the provider: within bounds of time and size, and never led elsewhere."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import httpx2
import orjson

SECONDS = 10.0
_LARGEST = 256 * 1024  # bytes of one answer; a key set of a large provider has some 20 KiB


class ProviderError(Exception):
    """The provider cannot be asked, or its answer must not be believed; the message holds nothing of a person."""


def client_options() -> dict[str, Any]:
    """How every client that asks the provider is made: a proxy of the environment is used, a redirect never followed.

    Nothing compressed is asked for or taken, so that the bound on what arrives bounds what it unfolds to.
    """
    return {
        "timeout": SECONDS,
        "follow_redirects": False,
        "headers": {"Accept-Encoding": "identity"},
        "verify": _trusted(),
        "event_hooks": {"response": [_bound]},
    }


async def fetch_document(url: str) -> dict[str, Any]:
    """The JSON object at an address.

    Raises:
        ProviderError: it cannot be had, or is something else.
    """
    try:
        async with asyncio.timeout(SECONDS), httpx2.AsyncClient(**client_options()) as http:
            answer = await http.get(url)
    except (httpx2.HTTPError, TimeoutError) as error:
        raise ProviderError(f"{url} cannot be reached ({type(error).__name__})") from error
    if answer.status_code != httpx2.codes.OK:
        raise ProviderError(f"{url} answered with status {answer.status_code}")
    try:
        document = orjson.loads(answer.content)
    except ValueError:
        raise ProviderError(f"{url} is not JSON") from None
    if not isinstance(document, dict):
        raise ProviderError(f"{url} is no JSON object")
    return document


@cache
def _trusted() -> ssl.SSLContext:
    return httpx2.create_ssl_context()  # reading the machine's certificates takes as long as asking the provider


async def _bound(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ProviderError(f"{response.url.copy_with(query=None)} answered compressed, which nobody asked for")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    """A body that breaks off where it grows too large."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > _LARGEST:
                raise ProviderError(f"an answer has more than {_LARGEST // 1024} KiB")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
