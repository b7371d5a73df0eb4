"""Quiet hours: when a message may reach somebody, by the clocks where the number is. Pure."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from portal.contacts.preferences import QuietHours

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_HORIZON = 2 * _DAY  # what is quiet for two days is quiet for ever: clocks repeat themselves every day


class Quiet(NamedTuple):
    """Quiet hours in a zone."""

    hours: QuietHours
    zone: ZoneInfo

    def end_after(self, at: datetime, limit: datetime) -> datetime:
        """The first instant from this one on, in UTC, at which it is not quiet; the limit or more if that is later."""
        while at < limit:
            local = at.astimezone(self.zone)
            if not self._covers(local.time()):
                break
            rest = _since_midnight(self.hours.end) - _since_midnight(local.time())
            end = at + (rest if rest > timedelta() else rest + _DAY)
            if end.astimezone(self.zone).utcoffset() == local.utcoffset():
                at = end
            else:  # the clock is changed in between: it may leap over the end, or come to it twice
                at = at.replace(second=0, microsecond=0) + _MINUTE
        return at

    def _covers(self, clock: time) -> bool:
        begin, end = self.hours
        return begin <= clock < end if begin < end else clock >= begin or clock < end


class QuietTimes:
    """When whom of a tenant's recipients a message may reach; what was worked out once is known for the next."""

    def __init__(self, own: QuietHours | None, home: str) -> None:
        """`own` are the tenant's quiet hours; `home` is its time zone, for numbers that tell none."""
        self._own = own
        self._home = (home,)
        self._known: dict[tuple[datetime, tuple[QuietHours, ...], tuple[str, ...]], datetime | None] = {}

    def next_allowed(self, number: str, consumer: QuietHours | None, at: datetime) -> datetime | None:
        """The first instant from `at` on, None if none comes; a number of several zones is reached in all of them."""
        hours = tuple(one for one in (self._own, consumer) if one is not None)
        if not hours:
            return at
        key = (at, hours, zones_of(number) or self._home)
        if key not in self._known:
            self._known[key] = next_allowed(at, [Quiet(one, _zone(name)) for one in hours for name in key[2]])
        return self._known[key]


def next_allowed(at: datetime, quiet: Sequence[Quiet]) -> datetime | None:
    """The first instant from this one on that none of these is quiet at, None if none comes."""
    limit = at + _HORIZON
    allowed = at
    while allowed < limit:
        later = max((one.end_after(allowed, limit) for one in quiet), default=allowed)
        if later == allowed:
            return allowed
        allowed = later
    return None


def zones_of(number: str) -> tuple[str, ...]:
    """The names of the time zones that a number in E.164 may be in; none where its numbering plan does not tell."""
    try:
        zones = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in zones if zone != UNKNOWN_TIMEZONE)


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
