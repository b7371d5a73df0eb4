"""When a period's allowance counts as half used, as nearly used, and as used up. Pure."""

from collections.abc import Iterable

PERCENTAGES = (50, 80, 100)
"""What every tenant is told of; a tenant may add its own."""
MOST_PERCENT = 1000
MOST_OWN = 10


def code_of(percent: int) -> str:
    """The code of the alert that tells of a percentage."""
    return f"ALLOWANCE_{percent}"


def watched(own: Iterable[int] = ()) -> list[int]:
    """All percentages that a tenant is told of, rising."""
    return sorted({*PERCENTAGES, *own})


def newly_reached(limit: int | None, committed: int, told: int, own: Iterable[int] = ()) -> list[int]:
    """The percentages above `told` that so many units, used and reserved, have reached, rising."""
    if not limit:
        return []
    return [percent for percent in watched(own) if told < percent and committed * 100 >= percent * limit]


def told_of(limit: int | None, committed: int, told: int, told_limit: int | None, own: Iterable[int] = ()) -> int:
    """The percentage that counts as told of: under a larger limit only what was reached of it counts.

    What is told of is told once in a period; a limit that has changed since, with the plan, has percentages of its own.
    """
    if told_limit is None or told_limit == limit:
        return told
    return max((percent for percent in newly_reached(limit, committed, 0, own) if percent <= told), default=0)
