"""Time and the ids made from it: the instant is passed in, so that tests can turn the clock."""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Tells the present instant, always in UTC."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's time, UTC."""
        return datetime.now(UTC)


def written(instant: datetime) -> str:
    """The instant by RFC 3339, in UTC, to the millisecond: as clients get every instant."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(at: datetime) -> UUID:
    """A UUIDv7 of that instant: PostgreSQL 16 has no function of its own, and partitions go by it."""
    return uuid7(nanoseconds=(at - _EPOCH) // _MICROSECOND * 1000)


def ids_at(instant: datetime) -> tuple[UUID, UUID]:
    """The first and the last id that may be of that millisecond: between two instants' ids lies what was made then."""
    first = max(0, (instant - _EPOCH) // _MILLISECOND) << 80
    return UUID(int=first), UUID(int=first + (1 << 80) - 1)
