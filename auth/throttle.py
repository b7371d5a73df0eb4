"""Slows down whoever guesses: so many failures in a while, by account, by address and by both, then nothing is tried.

The counters are the `limits` library's: in this process, or in a server that several processes share. Its windows go by
the machine's time, so the window's number by our clock is part of each counter's name, and its own expiry only tidies.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import cast

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string
from starlette.requests import Request

from auth.random_secrets import hash_of
from portal.clock import Clock

IN_THIS_PROCESS = "async+memory://"
_NETWORK = 64  # bits: who has one IPv6 address has the 2^64 beside it


class Purpose(StrEnum):
    """What is tried."""

    SIGN_IN = "SIGN_IN"
    SECOND_FACTOR = "SECOND_FACTOR"
    MAIL = "MAIL"
    TOKEN = "TOKEN"  # noqa: S105  a name, no secret
    PREFERENCES = "PREFERENCES"


@dataclass(frozen=True, slots=True)
class _Limits:
    """How many failures are let through."""

    of_both: RateLimitItem  # asked first: one stranger's guesses use up little of the account's own limit
    of_address: RateLimitItem
    of_account: RateLimitItem


def _limits(*, both: int, account: int) -> _Limits:
    return _Limits(
        of_both=RateLimitItemPerMinute(both, 15),
        of_address=RateLimitItemPerMinute(100, 15),  # an office behind one address mistypes less
        of_account=RateLimitItemPerMinute(account, 60),
    )


_GUESSES = _limits(both=10, account=100)  # NIST SP 800-63B, 5.2.2: no more than 100
_LIMITS = {
    Purpose.SIGN_IN: _GUESSES,
    Purpose.TOKEN: _GUESSES,
    # Only who knows the password guesses here, so nobody else is locked out; a code has but a million values.
    Purpose.SECOND_FACTOR: _limits(both=5, account=10),
    Purpose.PREFERENCES: _limits(both=10, account=100),  # saves of one page, and links that are none
    Purpose.MAIL: _limits(both=5, account=5),  # nothing is guessed at, but each is a mail to somebody
}


class Throttle:
    """Counts attempts as failures until they are known to be none: else guesses that are sent at once all pass."""

    def __init__(self, clock: Clock, storage_url: str = IN_THIS_PROCESS) -> None:
        self._clock = clock
        # With coredis, its default, a version that it does not forbid fails only when it is used.
        made = storage_from_string(storage_url, wrap_exceptions=True, implementation="redispy")
        self._storage = cast("Storage", made)
        self._limiter = FixedWindowRateLimiter(self._storage)

    async def seconds_to_wait(self, purpose: Purpose, account: str, address: str | None) -> int:
        """0, or how many seconds an attempt has to wait untried; nothing is counted.

        For secrets of 256 bits, of which no number at once is worth anything: whoever is right may come with many.

        Raises:
            limits.errors.StorageError: the counters' server does not answer.
        """
        for item, names in self._counters(purpose, account, address):
            if not await self._limiter.test(item, *names):
                return self._rest_of_window(item)
        return 0

    async def attempt(self, purpose: Purpose, account: str, address: str | None) -> int:
        """Count an attempt on an account from an address; 0, or how many seconds it has to wait untried.

        Without an address it is counted by account alone.

        Raises:
            limits.errors.StorageError: the counters' server does not answer.
        """
        for item, names in self._counters(purpose, account, address):
            if not await self._limiter.hit(item, *names):
                return self._rest_of_window(item)
        return 0

    async def succeeded(self, purpose: Purpose, account: str, address: str) -> None:
        """It was right: forget what failed from there, and take this attempt off the other counters."""
        (item, names), *others = self._counters(purpose, account, address)
        await self._limiter.clear(item, *names)
        for item, names in others:
            await self._storage.incr(item.key_for(*names), item.get_expiry(), amount=-1)

    def _rest_of_window(self, item: RateLimitItem) -> int:
        return item.get_expiry() - int(self._clock.now().timestamp()) % item.get_expiry()

    def _counters(
        self, purpose: Purpose, account: str, address: str | None
    ) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        limits, now = _LIMITS[purpose], int(self._clock.now().timestamp())
        name = hash_of(account).hex()  # no e-mail address lies about in the counters' server
        counted: list[tuple[RateLimitItem, *tuple[str, ...]]] = [(limits.of_account, "account", name)]
        if address is not None:
            counted[:0] = [(limits.of_both, "both", name, address), (limits.of_address, "address", address)]
        return [(item, (purpose, *names, str(now // item.get_expiry()))) for item, *names in counted]


def address_of(request: Request) -> str:
    """Where a request came from, as far as it tells callers apart."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> _NETWORK << _NETWORK))
    return host
