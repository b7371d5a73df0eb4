"""Slows down whoever guesses: after too many failures in a while, nothing more is tried until it is over."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.clock import Clock

_WHILE = timedelta(minutes=15)
_FAILURES = 10
_REMEMBERED = 10_000  # the oldest are forgotten: this must not grow with an attacker's patience


@dataclass(slots=True)
class _Failures:
    """How often it failed since an instant."""

    since: datetime
    count: int = 0


class Throttle:
    """Counts failures by key, in this process alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[Hashable, _Failures] = OrderedDict()

    def seconds_to_wait(self, key: Hashable) -> int:
        """How long this key has to wait before it is tried again; 0 when it may go on."""
        failures = self._recent(key)
        if failures is None or failures.count < _FAILURES:
            return 0
        return max(1, int((failures.since + _WHILE - self._clock.now()).total_seconds()))

    def failed(self, key: Hashable) -> None:
        """Count a failure."""
        failures = self._recent(key)
        if failures is None:
            failures = self._failures[key] = _Failures(self._clock.now())
            if len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)
        failures.count += 1

    def succeeded(self, key: Hashable) -> None:
        """Forget the failures of this key."""
        self._failures.pop(key, None)

    def _recent(self, key: Hashable) -> _Failures | None:
        failures = self._failures.get(key)
        if failures is not None and self._clock.now() - failures.since >= _WHILE:
            del self._failures[key]
            return None
        return failures
