"""Bands: the parts that a strategy cuts a period's ordinals into, each with its own price. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

Bounds = tuple[int | None, ...]
"""The last ordinal of each band, rising; the last band is open."""


class Part(NamedTuple):
    """So many units in one band."""

    band: int
    units: int


def split(bounds: Bounds, before: int, units: int) -> list[Part]:
    """Where the units behind the first `before` ones lie; a band gets a part only where it has some."""
    parts = []
    place, left = before, units
    for band, bound in enumerate(bounds):
        room = left if bound is None else max(0, min(left, bound - place))
        if room:
            parts.append(Part(band, room))
            place, left = place + room, left - room
    if left:
        raise ValueError("the last band has to be open")
    return parts


def widths(bounds: Bounds) -> Sequence[int | None]:
    """How many ordinals each band has; None for the open one."""
    lowest = (0, *(bound or 0 for bound in bounds[:-1]))
    return [None if bound is None else bound - low for low, bound in zip(lowest, bounds, strict=True)]
