"""Screening what is about to be sent or called: what goes to a paused area is refused, and the rest is watched."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from portal.database import TenantTransaction
from portal.rates.cards import RateCard, read_current_card
from portal.shield.areas import Area, TrafficKind, area_of
from portal.shield.detector import THRESHOLDS, PauseReason, Tally
from portal.shield.pauses import Avoided, Standing, add_avoided, pause, read_standing
from portal.shield.windows import Added, add_to_windows, is_due, read_windows
from portal.usage.usage import CALLS_OUTBOUND, SMS_OUTBOUND

_CATEGORIES = {
    TrafficKind.SMS: SMS_OUTBOUND,
    TrafficKind.CALL: CALLS_OUTBOUND,
    TrafficKind.FORWARD: CALLS_OUTBOUND,
}


class Destination(NamedTuple):
    """Where something is to go; a stranger is a number that the tenant had nothing to do with before."""

    number: str
    country: str | None
    stranger: bool

    @property
    def area(self) -> Area:
        """The smallest area that it lies in."""
        return area_of(self.number, self.country)


class Shield:
    """What is known of the areas that a transaction sends to; open it with `open_shield`, and write it at the end."""

    def __init__(self, kind: TrafficKind, card: RateCard, standing: Standing) -> None:
        self._kind = kind
        self._card = card
        self._standing = standing
        self._tallies: dict[Area, Tally] = {}
        self._added: dict[Area, Added] = {}
        self._found: dict[Area, PauseReason] = {}
        self._avoided: dict[Area, Avoided] = {}

    def watch(self, areas: Iterable[Area]) -> None:
        """Keep a tally of these areas, and of what stands of their countries."""
        for area in areas:
            self._tallies.setdefault(area, Tally(THRESHOLDS[self._kind], self._price_in(area.country)))

    def stops(self, destination: Destination) -> bool:
        """Whether its area or its country is paused, by now or by what this transaction has accepted so far."""
        area = destination.area
        return bool(self._standing.pause_of(area)) or area in self._found or area.whole_country in self._found

    def take(self, destination: Destination) -> None:
        """Count one that is accepted; its area may be stopped by it, for those behind it."""
        area, number = destination.area, int(destination.number.lstrip("+"))
        for own in (area, area.whole_country):
            if (tally := self._tallies.get(own)) is None:
                continue
            tally.add(number, stranger=destination.stranger)
            self._note(own, number, stranger=destination.stranger)
            reason = None if own in self._standing.spared or area in self._standing.spared else tally.suspicion(own)
            if reason is not None:
                self._found[own] = reason

    def refuse(self, destination: Destination, cost: Decimal, price: Decimal) -> None:
        """Note what is refused, for the loss that this avoids."""
        area = destination.area
        paused = self._standing.paused
        stopped = area if area in paused or area in self._found else area.whole_country
        self._avoided.setdefault(stopped, Avoided()).add(cost, price)

    async def write(self, tx: TenantTransaction, price_currency: str, *, now: datetime) -> None:
        """Write down what was accepted, stopped and refused. Last of all in a transaction: it raises alerts."""
        currencies = (self._card.currency, price_currency)
        made = await pause(tx, self._kind, self._found, currencies, now=now)
        ids: dict[Area, UUID] = {**self._standing.paused, **made}
        await add_avoided(tx, {ids[area]: own for area, own in self._avoided.items() if area in ids})
        await add_to_windows(tx, self._kind, self._added, now=now)

    def _note(self, area: Area, number: int, *, stranger: bool) -> None:
        added = self._added.setdefault(area, Added())
        added.sent += 1
        added.strangers += stranger
        if stranger and area.prefix:
            added.numbers.append(number)

    def _price_in(self, country: str) -> Decimal:
        return self._card.cost(_CATEGORIES[self._kind], country or None, 1)

    async def read(self, tx: TenantTransaction, *, now: datetime) -> None:
        """Read what went to the watched areas before; nothing where none is watched."""
        if not self._tallies:
            return
        for row in await read_windows(tx, self._kind, self._tallies, now=now):
            tally = self._tallies[Area(row["country"], row["prefix"])]
            tally.add_window(row["sent"], row["strangers"], row["numbers"])
            if is_due(row["started_at"], now):
                tally.add_due(row["sent"], row["answered"])

    def is_watched(self, destination: Destination) -> bool:
        """Whether it can cost anything, and is to a stranger or of a kind that is watched whoever it goes to."""
        counts = destination.stranger or THRESHOLDS[self._kind].velocity is not None
        return counts and bool(self._price_in(destination.area.country))


async def open_shield(
    tx: TenantTransaction, kind: TrafficKind, destinations: Sequence[Destination], card: RateCard, *, now: datetime
) -> Shield:
    """A shield over all that a transaction is about to send, in two statements, or one where nothing is watched.

    Hold a lock that others of the tenant wait for, such as the allowance's: then each sees what those before it sent.
    """
    shield = Shield(kind, card, await read_standing(tx, kind, now=now))
    areas = {one.area for one in destinations if shield.is_watched(one)}
    shield.watch(areas | {area.whole_country for area in areas})
    await shield.read(tx, now=now)
    return shield


async def paused(tx: TenantTransaction, kind: TrafficKind, numbers: Sequence[str], *, now: datetime) -> set[str]:
    """Those of these numbers in E.164 that traffic of this kind is stopped to; in one statement."""
    if not numbers:
        return set()
    standing = await read_standing(tx, kind, now=now)
    return {number for number in numbers if standing.pause_of(area_of(number))}


async def observe(
    tx: TenantTransaction, kind: TrafficKind, numbers: Sequence[str], price_currency: str, *, now: datetime
) -> None:
    """Count what was accepted to these numbers, each as to a stranger; an area that looks like fraud is paused.

    Last of all in a transaction: it raises alerts. `note_answered` of `portal.shield.windows` counts what is picked up.
    """
    destinations = [Destination(number, area_of(number).country, stranger=True) for number in numbers]
    shield = await open_shield(tx, kind, destinations, await read_current_card(tx), now=now)
    for destination in destinations:
        shield.take(destination)
    await shield.write(tx, price_currency, now=now)


async def refuse_paused(
    tx: TenantTransaction,
    kind: TrafficKind,
    refused: Sequence[tuple[str, Decimal, Decimal]],
    *,
    now: datetime,
) -> None:
    """Add to the loss avoided what is refused since it is paused: number, cost by the rate card, price by the plan."""
    standing = await read_standing(tx, kind, now=now)
    avoided: dict[UUID, Avoided] = {}
    for number, cost, price in refused:
        if (pause_id := standing.pause_of(area_of(number))) is not None:
            avoided.setdefault(pause_id, Avoided()).add(cost, price)
    await add_avoided(tx, avoided)
