"""Sessions of HTTP that open connections to addresses that were checked, and to no others.

A name is resolved here, all its addresses are checked, and the connection goes to one of these very addresses: what the
name resolves to a moment later does not matter. Every socket is checked once more when it is made, so that no way
around the resolver is one.
"""

import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from portal.webhooks.targets import Address, Network, is_within, may_reach

_AT_ONCE = 200

Fit = Callable[[Address], bool]
Sessions = Mapping[str, aiohttp.ClientSession]
"""A session for each scheme."""


class RefusedAddressError(OSError):
    """A connection to this address is not for the portal to open."""


class GuardedResolver(AbstractResolver):
    """Resolves a name for one request, and gives nothing where one of its addresses is not fit to go to."""

    def __init__(self, inner: AbstractResolver, fit: Fit) -> None:
        self._inner = inner
        self._fit = fit

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host, all of them checked.

        Raises:
            RefusedAddressError: one of them may not be reached.
            OSError: there are none.
        """
        found = await self._inner.resolve(host, port, family)
        for one in found:
            _check(one["host"], self._fit)
        return found

    async def close(self) -> None:
        """Release what resolves."""
        await self._inner.close()


@asynccontextmanager
async def open_sessions(
    allowed: Sequence[Network],
    resolver: AbstractResolver,
    *,
    headers: Mapping[str, str],
    tls: SSLContext | None,
    deadline: timedelta,
) -> AsyncIterator[Sessions]:
    """Sessions that reach the public Internet by HTTPS, and the networks that are allowed; it closes the resolver."""
    fit: dict[str, Fit] = {
        "https": lambda address: may_reach(address, allowed),
        "http": lambda address: is_within(address, allowed),  # anybody on the way could read it, and change it
    }
    async with AsyncExitStack() as stack:
        stack.push_async_callback(resolver.close)
        yield {
            scheme: await stack.enter_async_context(_session(resolver, of_scheme, headers, tls, deadline))
            for scheme, of_scheme in fit.items()
        }


def was_refused(error: Exception) -> bool:
    """Whether this came of an address that is not fit to go to."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RefusedAddressError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _session(
    inner: AbstractResolver, fit: Fit, headers: Mapping[str, str], tls: SSLContext | None, deadline: timedelta
) -> aiohttp.ClientSession:
    def checked_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        _check(address[0], fit)
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=GuardedResolver(inner, fit),
            use_dns_cache=False,
            socket_factory=checked_socket,
            limit=_AT_ONCE,
            ssl=tls or True,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,  # no proxy: it would resolve the name once more
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=deadline.total_seconds()),
        headers=headers,
    )


def _check(address: str, fit: Fit) -> None:
    if not fit(ip_address(address)):
        raise RefusedAddressError("not an address to go to")
