"""When a delivery is tried again: soon at first, then ever later, for a bit more than a day. Pure."""

import random
from datetime import timedelta

# The pauses between attempts, as Standard Webhooks suggests them.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
)
FAILING_FOR = timedelta(days=1)  # whatever fails so long is disabled with the first delivery that is given up
LONGEST_WISH = timedelta(hours=6)  # how far an endpoint may put an attempt off by Retry-After
_JITTER = 0.2  # so that what failed together is not tried together


def pause_after(attempts: int, wish: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many attempts, no shorter than the endpoint wishes; None to give up."""
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1] * (1 + _JITTER * random.random())  # noqa: S311  no secret
    return max(pause, min(wish or timedelta(0), LONGEST_WISH))
