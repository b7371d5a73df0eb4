"""How many look on at once, and how long what may take."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """What one principal may hold open in one process, and the seconds that things take at the most."""

    connections: int = 50  # of one principal
    operations: int = 50  # of one socket
    id_characters: int = 128
    waiting: int = 1_000  # changes that wait for one reader; at more it has to begin again
    init_seconds: float = 10
    send_seconds: float = 10  # a reader that takes nothing for so long is gone
    keep_alive_seconds: float = 12
    recheck_seconds: float = 10  # about how often it is asked whether somebody may still look on
    fresh_seconds: float = 1  # nothing is delivered on an older answer
    readers: int = 4  # subscriptions that read at once: requests need the database's connections too


class TooManyError(Exception):
    """A principal holds as many connections open as it may; the message says so."""


class Places:
    """Counts the open connections of each principal."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, principal: str) -> Iterator[None]:
        """Take a place while the context lasts.

        Raises:
            TooManyError: there is none left.
        """
        if self._taken[principal] >= self._most:
            raise TooManyError(f"You have {self._most} connections open, the most that you may: close some.")
        self._taken[principal] += 1
        try:
            yield
        finally:
            self._taken[principal] -= 1
            if not self._taken[principal]:
                del self._taken[principal]
