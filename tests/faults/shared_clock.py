"""The machine's clock, put forward by as much as a file says: all processes that know the file go by it."""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.turnable_clock import TurnableClock

_AHEAD = struct.Struct("d")


class SharedClock(TurnableClock):
    """Goes on by itself; turned in one process it is turned in all."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_AHEAD.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _AHEAD.size)

    def now(self) -> datetime:
        """The machine's time, and what it was put forward by."""
        return datetime.now(UTC) + timedelta(seconds=_AHEAD.unpack(self._shared[:])[0])

    def advance(self, by: timedelta) -> None:
        """Put it forward."""
        (ahead,) = _AHEAD.unpack(self._shared[:])
        self._shared[:] = _AHEAD.pack(ahead + by.total_seconds())

    def turn_to(self, instant: datetime) -> None:
        """Put it forward to an instant."""
        self.advance(instant - self.now())
