"""When the sweep asks about a message of which nothing is heard: later and later, and not for ever. Pure."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(minutes=2)  # most callbacks have come by then
GIVEN_UP_AFTER = timedelta(days=4)  # carriers report for three days at the most; many report nothing at all
_MOST_DOUBLINGS = 12


def next_question(asked: int, *, handed_over_at: datetime, now: datetime) -> datetime | None:
    """When to ask next about a message that was asked about so often, or None where nobody will: it stays as it is."""
    last = handed_over_at + GIVEN_UP_AFTER
    if now >= last:
        return None
    return min(now + FIRST_PAUSE * (1 << min(asked, _MOST_DOUBLINGS)), last)
