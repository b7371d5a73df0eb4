"""The rate card in force: it estimates what usage costs the ISV; the provider's own price settles that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import orjson

from portal.database import Transaction
from portal.money.money import EXACT
from portal.rates.provider import ELSEWHERE


@dataclass(frozen=True, slots=True)
class RateCard:
    """One version; `prices` are of a segment, a minute or a piece, by category and country, in `currency`."""

    id: UUID | None
    version: int
    currency: str
    prices: Mapping[tuple[str, str], Decimal] = field(repr=False)
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)

    def cost(self, category: str, country: str | None, units: int) -> Decimal:
        """What so many units cost the ISV: by the country's rate, else by that of everywhere else, else nothing."""
        price = self.prices.get((category, country or ELSEWHERE))
        if price is None:
            price = self.prices.get((category, ELSEWHERE), Decimal(0))
        return price * units

    def converted(self, cost: Decimal, currency: str) -> Decimal:
        """A cost of this card in another currency.

        Raises:
            KeyError: the card has no exchange rate for it; plans in such a currency are not published.
        """
        return cost if currency == self.currency else EXACT.multiply(cost, self.exchange_rates[currency])


NO_CARD = RateCard(None, 0, "USD", {})
"""Stands in before the first card is published: estimates are nothing, and the provider's price settles all."""


_CARDS_KEPT = 8
_known: dict[UUID, RateCard] = {}  # a card never changes


async def read_current_card(tx: Transaction) -> RateCard:
    """The last card that was published, or `NO_CARD`."""
    return await read_card(tx, await tx.value("SELECT id FROM rate_card ORDER BY version DESC LIMIT 1"))


async def read_card(tx: Transaction, card_id: UUID | None) -> RateCard:
    """This card, read once; `NO_CARD` where there is none."""
    if card_id is None:
        return NO_CARD
    if card_id not in _known:
        while len(_known) >= _CARDS_KEPT:
            _known.pop(next(iter(_known)))
        _known[card_id] = await _read_card(tx, card_id)
    return _known[card_id]


async def _read_card(tx: Transaction, card_id: UUID) -> RateCard:
    card = await tx.row("SELECT version, currency, exchange_rates FROM rate_card WHERE id = $1", card_id)
    if card is None:
        raise LookupError("there is no such rate card")
    rows = await tx.rows("SELECT category, country, price FROM rate WHERE rate_card_id = $1", card_id)
    prices = {(row["category"], row["country"]): row["price"] for row in rows}
    rates = {code: Decimal(rate) for code, rate in orjson.loads(card["exchange_rates"]).items()}
    return RateCard(card_id, card["version"], card["currency"], prices, rates)
