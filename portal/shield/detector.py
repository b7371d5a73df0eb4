"""Whether traffic to an area looks like fraud: by what it would cost, and by rules that honest traffic keeps. Pure."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from importlib.resources import files

from pydantic import TypeAdapter

from portal.shield.areas import Area, TrafficKind

MOST_NUMBERS = 1_000  # of strangers that a window keeps: by then an area is stopped, or costs next to nothing


class PauseReason(StrEnum):
    """What traffic looked like."""

    NEIGHBOURS = "NEIGHBOURS"
    BURST = "BURST"
    UNANSWERED = "UNANSWERED"
    VELOCITY = "VELOCITY"
    COUNTRY = "COUNTRY"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Amounts from which traffic to an area is judged, in the rate card's currency; None: never by this rule."""

    units: int
    least: int
    costly: Decimal
    neighbours: Decimal | None = None
    neighbour_share: Decimal = Decimal("0.5")
    burst: Decimal | None = None
    velocity: Decimal | None = None
    unanswered: Decimal | None = None
    answered_share: Decimal = Decimal("0.1")
    country: Decimal | None = None


_FILE = files(__package__) / "thresholds.toml"
THRESHOLDS = TypeAdapter(dict[TrafficKind, Thresholds]).validate_python(tomllib.loads(_FILE.read_text()))


class Tally:
    """What went to an area within the hours looked at; each more is added as it is accepted."""

    def __init__(self, thresholds: Thresholds, price: Decimal) -> None:
        """`price` is the rate card's, of a unit."""
        self._thresholds = thresholds
        self._price = price
        self.sent = 0
        self.strangers = 0
        self._due = 0  # had their time to be answered
        self._answered = 0
        self._numbers: set[int] = set()
        self._beside: set[int] = set()

    def add_window(self, sent: int, strangers: int, numbers: Iterable[int]) -> None:
        """Add what went there before."""
        self.sent += sent
        self.strangers += strangers
        for number in numbers:
            self._place(number)

    def add_due(self, sent: int, answered: int) -> None:
        """Add what went there long enough ago to have been answered."""
        self._due += sent
        self._answered += answered

    def add(self, number: int, *, stranger: bool) -> None:
        """Add one more."""
        self.sent += 1
        if stranger:
            self.strangers += 1
            self._place(number)

    def suspicion(self, area: Area) -> PauseReason | None:
        """What it looks like, or None for honest traffic; a whole country is judged by its own rule."""
        limits = self._thresholds
        if not self._price or self.sent < limits.least:
            return None
        if not area.prefix:
            dear = self._price >= limits.costly and self._reaches(self.strangers, limits.country)
            return PauseReason.COUNTRY if dear else None
        if self._reaches(self.strangers, limits.neighbours) and self._share(limits.neighbour_share):
            return PauseReason.NEIGHBOURS
        if self._reaches(self.strangers, limits.burst):
            return PauseReason.BURST
        if self._reaches(self.sent, limits.velocity):
            return PauseReason.VELOCITY
        silent = self._due >= limits.least and self._answered < limits.answered_share * self._due
        return PauseReason.UNANSWERED if silent and self._reaches(self._due, limits.unanswered) else None

    def _reaches(self, count: int, limit: Decimal | None) -> bool:
        enough = count >= self._thresholds.least
        return enough and limit is not None and count * self._thresholds.units * self._price >= limit

    def _share(self, share: Decimal) -> bool:
        return len(self._beside) >= share * max(len(self._numbers), 1)

    def _place(self, number: int) -> None:
        if number in self._numbers or len(self._numbers) >= MOST_NUMBERS:
            return
        near = {number - 1, number + 1} & self._numbers
        self._numbers.add(number)
        if near:
            self._beside |= {number, *near}
