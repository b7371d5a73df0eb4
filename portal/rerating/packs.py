"""Which credits a tenant would have had to buy for what it used. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from portal.money.money import EXACT
from portal.pricing.terms import CreditPack


@dataclass(slots=True)
class _Lot:
    expires_on: date | None
    left: int


def packs_bought(
    packs: Sequence[CreditPack], used: Sequence[tuple[date, int]]
) -> Mapping[date, tuple[CreditPack, int]]:
    """How many packs are bought on which day: of the one with which all comes cheapest, whole, as units run out.

    Args:
        packs: what can be bought.
        used: the units of each day, in the order of time.
    """
    found = [(pack, _days_of(pack, used)) for pack in packs]
    pack, days = min(found, key=lambda one: (_price(*one), one[0].units), default=(None, {}))
    return {} if pack is None else {day: (pack, number) for day, number in days.items()}


def _price(pack: CreditPack, days: Mapping[date, int]) -> Decimal:
    return EXACT.multiply(pack.price, Decimal(sum(days.values())))


def _days_of(pack: CreditPack, used: Iterable[tuple[date, int]]) -> dict[date, int]:
    lots: deque[_Lot] = deque()
    bought: dict[date, int] = {}
    for day, units in used:
        while lots and lots[0].expires_on is not None and lots[0].expires_on <= day:
            lots.popleft()
        missing = _take(lots, units)
        if missing > 0:
            number = -(-missing // pack.units)
            bought[day] = bought.get(day, 0) + number
            expires_on = None if pack.valid_days is None else day + timedelta(days=pack.valid_days)
            lots.append(_Lot(expires_on, number * pack.units - missing))
    return bought


def _take(lots: deque[_Lot], units: int) -> int:
    """Take units of what is there, the first to expire first; how many are missing."""
    while lots and units > 0:
        taken = min(units, lots[0].left)
        lots[0].left -= taken
        units -= taken
        if not lots[0].left:
            lots.popleft()
    return units
