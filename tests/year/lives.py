"""What happens in the tenants' lives, day by day: the same seed makes the same lives. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

COUNTRIES = ("US", "US", "US", "US", "CA", "GB", "DE")
NUMBERS = {"US": "+1202555{:04d}", "CA": "+1613555{:04d}", "GB": "+447911{:06d}", "DE": "+4915112{:06d}"}
TEXTS = (("Your bike is ready.", 1), ("x" * 200, 2), ("Grüße! " * 20, 1), ("Bis später 👋 " * 12, 3))  # with segments
PEOPLE = 140
LAST_MINUTE = 1439  # what is accepted then leaves after midnight
_DAY = timedelta(days=1)


class Fate(StrEnum):
    """What becomes of a message."""

    SENT = "SENT"
    NEVER_LEFT = "NEVER_LEFT"
    UNDELIVERED = "UNDELIVERED"


class PlanStep(StrEnum):
    """What a tenant or the operator does about its plan."""

    CHANGE = "CHANGE"
    CANCEL = "CANCEL"
    ASSIGN = "ASSIGN"


@dataclass(frozen=True, slots=True)
class Sending:
    """One send: to whom, which of the texts, when in the day, and what becomes of each message."""

    minute: int
    people: tuple[int, ...]
    text: int
    fates: tuple[Fate, ...]
    canceled: bool  # before any of it leaves


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """Usage that the provider counts by itself; `late_days` until its records show it."""

    category: str
    count: int
    usage: int
    price: Decimal
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """What happens in one tenant on one day."""

    day: date
    sendings: tuple[Sending, ...]
    lines: tuple[ProviderLine, ...]
    plan_step: PlanStep | None
    buys_credits: bool
    late_days: int  # until the provider's records show the day's messages
    surcharge: Decimal  # on each segment's price, beside the rate card's: the provider's prices move


@dataclass(frozen=True, slots=True)
class Life:
    """A tenant: when it signs up and whether it leaves; what else happens falls by its own dice."""

    number: int
    seed: int
    signs_up: date
    leaves: date | None
    liveliness: float

    def day(self, day: date) -> Day:
        """What happens on one of its days."""
        chance = self.chance(day)
        active = chance.random() < self.liveliness
        sendings = [_sending(chance) for _ in range(chance.choice((1, 1, 2)))] if active else []
        steps = chance.random()
        return Day(
            day,
            tuple(sorted(sendings, key=lambda sending: sending.minute)),
            tuple(_lines(chance)),
            plan_step=next((step for step, below in _STEPS if steps < below), None),
            buys_credits=chance.random() < 0.15,
            late_days=chance.choice((3, 20, 75)) if chance.random() < 0.04 else 0,
            surcharge=Decimal(chance.choice((0, 0, 0, 0, 0, 1, -1, 250))).scaleb(-5),
        )

    def chance(self, occasion: object) -> Random:
        """The dice of one occasion: what is asked for in another order falls the same."""
        return Random(f"{self.seed}/{self.number}/{occasion}")


_STEPS = ((PlanStep.CHANGE, 0.02), (PlanStep.CANCEL, 0.025), (PlanStep.ASSIGN, 0.03))


def lives(seed: int, tenants: int, first: date, until: date) -> list[Life]:
    """So many tenants; two thirds are there from the first day, one in ten leaves."""
    made = []
    for number in range(tenants):
        chance = Random(f"{seed}/{number}")
        signs_up = first if chance.random() < 0.66 else first + _DAY * chance.randrange((until - first).days)
        rest = (until - signs_up).days
        leaves = signs_up + _DAY * chance.randrange(1, rest) if rest > 1 and chance.random() < 0.1 else None
        made.append(Life(number, seed, signs_up, leaves, chance.choice((0.1, 0.2, 0.4))))
    return made


def number_of(person: int) -> tuple[str, str]:
    """Somebody's number, and the country that it is of."""
    country = COUNTRIES[person % len(COUNTRIES)]
    return NUMBERS[country].format(person + 100), country


def _sending(chance: Random) -> Sending:
    people = tuple(chance.sample(range(PEOPLE), chance.choice((1, 2, 5, 8, 13, 40, 120))))
    fates = chance.choices((Fate.SENT, Fate.NEVER_LEFT, Fate.UNDELIVERED), (90, 6, 4), k=len(people))
    minute = chance.choice((*range(480, 1200, 60), LAST_MINUTE))
    return Sending(minute, people, chance.randrange(len(TEXTS)), tuple(fates), chance.random() < 0.05)


def _lines(chance: Random) -> Iterator[ProviderLine]:
    if chance.random() < 0.1:
        segments = chance.randrange(1, 6)
        yield ProviderLine("sms-inbound", 1, segments, Decimal("0.0083") * segments, chance.choice((0, 0, 0, 20)))
    if chance.random() < 0.05:
        minutes = chance.randrange(1, 40)
        yield ProviderLine("calls-inbound", 2, minutes, Decimal("0.0085") * minutes)
    if chance.random() < 0.02:  # sent outside the portal, with the account's own keys
        yield ProviderLine("sms-outbound", 3, 4, Decimal("0.0332"))
    if chance.random() < 0.01:  # the provider puts a price right, weeks later
        price = Decimal(chance.randrange(-40, 41)).scaleb(-3)
        yield ProviderLine("sms-messages-carrierfees", 0, 0, price, chance.choice((25, 80)))
