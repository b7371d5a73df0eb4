"""A clock that tests can turn."""

from datetime import UTC, datetime, timedelta


class TurnableClock:
    """Stands still until it is turned; begins now, so that ids fall into partitions that exist."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime.now(UTC)

    def now(self) -> datetime:
        """The instant it was turned to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Turn it forward."""
        self._now += by

    def turn_to(self, instant: datetime) -> None:
        """Turn it to an instant."""
        self._now = instant
