"""How fast messages may leave: token buckets in exact numbers, caps of a day, and whose turn it is. Pure.

A tenant's bucket counts messages, as its plan does; a sender's counts segments, as carriers do. A bucket holds what a
second brings, and at least one token. What costs more than it holds leaves when it is full, and the bucket then owes
the rest: over any time no more leaves than the rate brings, but for that second and what the last message owes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from portal.numbers.kinds import NumberKind, kind_of

LONGEST_WAIT = timedelta(hours=10)  # what waits longer is given up: nobody wants yesterday's news
_PULSE = timedelta(milliseconds=250)  # a bucket that is empty is left to fill so long, not looked at for each token
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = 1_000_000
_LONGEST_PAUSE = timedelta(minutes=5)
_FIRST_PAUSE = timedelta(seconds=1)
_MOST_DOUBLINGS = 10
# Segments a second by kind of number, where no campaign grants it more.
_BY_KIND = {
    NumberKind.LOCAL: Decimal(1),
    NumberKind.MOBILE: Decimal(1),
    NumberKind.TOLL_FREE: Decimal(3),
    NumberKind.SHORT_CODE: Decimal(100),
}


def rate_of(number: str, configured: Decimal | None) -> Decimal:
    """Segments a second that this number may send."""
    return _BY_KIND[kind_of(number)] if configured is None else configured


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens at an instant, and how many a second brings."""

    rate: Decimal
    tokens: Decimal
    at: datetime

    @classmethod
    def full(cls, rate: Decimal, at: datetime) -> "Bucket":
        """One that nothing was taken from."""
        return cls(rate, max(rate, Decimal(1)), at)

    @property
    def capacity(self) -> Decimal:
        """The most that it holds."""
        return max(self.rate, Decimal(1))

    def level(self, now: datetime) -> Decimal:
        """The tokens in it; a clock that goes back brings none."""
        return min(self.capacity, self.tokens + self.rate * _seconds(now - self.at))

    def allows(self, cost: int, now: datetime) -> bool:
        """Whether so many may be taken."""
        return self.level(now) >= self._needed(cost)

    def take(self, cost: int, now: datetime) -> "Bucket":
        """The bucket without them."""
        return replace(self, tokens=self.level(now) - cost, at=max(self.at, now))

    def ready_at(self, cost: int, now: datetime) -> datetime:
        """The first instant from now on that allows so many; exact to the microsecond."""
        missing = self._needed(cost) - self.level(now)
        if missing <= 0:
            return now
        microseconds, rest = divmod(missing * _MICROSECONDS, self.rate)
        return max(self.at, now) + timedelta(microseconds=int(microseconds) + (rest > 0))

    def _needed(self, cost: int) -> Decimal:
        return min(Decimal(cost), self.capacity)


@dataclass(frozen=True, slots=True)
class SenderPace:
    """A sender's bucket of segments, and what it sent on a day of UTC of the most that it may."""

    bucket: Bucket
    cap: int | None
    day: date
    day_segments: int

    def allows(self, segments: int, now: datetime) -> bool:
        """Whether a message of so many segments may leave."""
        return self.bucket.allows(segments, now) and (self.cap is None or self._sent(now) + segments <= self.cap)

    def take(self, segments: int, now: datetime) -> "SenderPace":
        """The pace once it has left."""
        return replace(
            self, bucket=self.bucket.take(segments, now), day=_day(now), day_segments=self._sent(now) + segments
        )

    def ready_at(self, segments: int, now: datetime) -> datetime:
        """When a message of so many segments may leave; one that no day has room for waits for each."""
        at = self.bucket.ready_at(segments, now)
        if self.cap is None or self._sent(now) + segments <= self.cap:
            return at
        return max(at, datetime.combine(_day(now) + timedelta(days=1), time(), UTC))

    def _sent(self, now: datetime) -> int:
        return self.day_segments if self.day == _day(now) else 0


class Waiting(NamedTuple):
    """A message whose time has come."""

    id: UUID
    sender: str
    segments: int
    since: datetime

    def is_too_old(self, now: datetime) -> bool:
        """Whether it has waited so long that it is given up."""
        return self.since + LONGEST_WAIT <= now


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose turn it is, what the buckets hold after that, and when those that were held back have a token again."""

    messages: tuple[Waiting, ...]
    tenant: Bucket
    senders: Mapping[str, SenderPace]
    tenant_ready_at: datetime | None
    senders_ready_at: Mapping[str, datetime]


def choose(
    waiting: Iterable[Waiting], tenant: Bucket, senders: Mapping[str, SenderPace], at_most: int, now: datetime
) -> Chosen:
    """Let messages leave in their order: nobody overtakes at their sender, and an empty sender holds up no other."""
    messages: list[Waiting] = []
    after = dict(senders)
    blocked: dict[str, datetime] = {}
    tenant_ready_at = None
    for message in waiting:
        if message.sender in blocked:
            continue
        if len(messages) == at_most:
            break
        if not tenant.allows(1, now):
            tenant_ready_at = _not_at_once(tenant.ready_at(1, now), now)
            break
        pace = after[message.sender]
        if not pace.allows(message.segments, now):
            blocked[message.sender] = _not_at_once(pace.ready_at(message.segments, now), now)
            continue
        tenant, after[message.sender] = tenant.take(1, now), pace.take(message.segments, now)
        messages.append(message)
    return Chosen(tuple(messages), tenant, after, tenant_ready_at, blocked)


def most_at_once(limit: int, slowed: int) -> int:
    """Requests side by side for one account: halved with each burst of refusals, and never none."""
    return max(1, limit >> min(slowed, _MOST_DOUBLINGS))


def longest_pause(slowed: int) -> timedelta:
    """The most that an account which was refused so often pauses: exponential."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(slowed, _MOST_DOUBLINGS)))


def time_to_send(count: int, rate: Decimal) -> timedelta:
    """How long so many take at a rate, from a full bucket on."""
    missing = max(Decimal(count) - max(rate, Decimal(1)), Decimal(0))
    return timedelta(seconds=float(missing / rate))


def _not_at_once(ready_at: datetime, now: datetime) -> datetime:
    return max(ready_at, now + _PULSE)


def _seconds(passed: timedelta) -> Decimal:
    return Decimal(max(passed, timedelta()) // _MICROSECOND).scaleb(-6)


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
