"""Reading the rate cards that were published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson

from portal.database import Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.rates.provider import Rate
from portal.rates.rules import RateSource

NEWEST_FIRST = Keyset("version-", "to_char(version, 'FM0000000000')", descending=True)
_COLUMNS = "id, version, currency, source, exchange_rates, published_at, published_by_name"


@dataclass(frozen=True, slots=True)
class RateCardRow:
    """One version, without its rates."""

    id: UUID
    version: int
    currency: str
    source: RateSource
    exchange_rates: Mapping[str, Decimal]
    published_at: datetime
    published_by: str


async def read_card(tx: Transaction, version: int | None) -> RateCardRow | None:
    """This version, or the one in force; None where there is none."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM rate_card WHERE $1::integer IS NULL OR version = $1 ORDER BY version DESC LIMIT 1",  # noqa: S608  constants
        version,
    )
    return None if row is None else _card(row)


async def read_cards(tx: Transaction, request: PageRequest) -> Page[RateCardRow]:
    """A page of all versions, the newest first.

    Raises:
        PageError: the cursor is not one of this list.
    """
    return await read_page(tx, Listing(_COLUMNS, "rate_card", "id", ["true"], []), NEWEST_FIRST, request, _card)


async def read_rates(tx: Transaction, card_ids: Sequence[UUID]) -> dict[UUID, list[Rate]]:
    """The rates of these cards by category and country, in one statement."""
    rows = await tx.rows(
        "SELECT rate_card_id, category, country, price FROM rate WHERE rate_card_id = ANY($1::uuid[]) "
        "ORDER BY category, country",
        list(card_ids),
    )
    found: dict[UUID, list[Rate]] = {card_id: [] for card_id in card_ids}
    for row in rows:
        found[row["rate_card_id"]].append(Rate(row["category"], row["country"], row["price"]))
    return found


def _card(row: Row) -> RateCardRow:
    return RateCardRow(
        id=row["id"],
        version=row["version"],
        currency=row["currency"],
        source=RateSource(row["source"]),
        exchange_rates={code: Decimal(rate) for code, rate in orjson.loads(row["exchange_rates"]).items()},
        published_at=row["published_at"],
        published_by=row["published_by_name"],
    )
