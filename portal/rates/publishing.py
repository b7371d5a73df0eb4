"""Publishing a rate card: read, checked, and written as the next version."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import orjson

from portal.clock import new_id
from portal.database import Database, DatabaseRole, Transaction
from portal.messages.provider import ProviderUnavailableError
from portal.problems import Problem, RefusedError, refuse
from portal.rates.cards import RateCard, read_current_card
from portal.rates.provider import PriceList, PriceLists, Rate
from portal.rates.rules import CardWish, RateCardProblem, RateSource, missing, problems_of, with_elsewhere

_BILLED_WITHIN = timedelta(days=93)  # with what a month's invoice adjusts of the month before
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('rate_card', 0))"


async def publish_rate_card(
    database: Database, price_lists: PriceLists, wish: CardWish, published_by: str, *, now: datetime
) -> int:
    """Publish a card for all that is estimated from now on; its version.

    The provider is asked before the transaction. What says the same as the card in force is not published again: its
    version is the answer, so that a publication may be repeated.

    Raises:
        RefusedError: the wish is not acceptable, or the provider did not answer.
    """
    if problems := problems_of(wish):
        raise RefusedError(problems)
    currency, prices = await _prices(price_lists, wish)
    if problems := missing(prices):
        raise RefusedError(problems)
    exchange = {one.currency: one.rate for one in wish.exchange_rates}
    if currency in exchange:
        message = f"The card is in {currency} itself: leave its exchange rate out."
        raise refuse(RateCardProblem.INVALID, message, "exchangeRates")
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(_ONE_AT_A_TIME)
        current = await read_current_card(tx)
        if (current.currency, current.prices, current.exchange_rates) == (currency, prices, exchange):
            return current.version
        if currency != current.currency and await tx.value("SELECT EXISTS (SELECT FROM charge_day WHERE cost <> 0)"):
            message = f"What was sent is kept in {current.currency}: publish a card in it, with exchange rates."
            raise refuse(RateCardProblem.INVALID, message, "currency")
        if lost := await _in_use(tx, {current.currency, *current.exchange_rates} - {currency, *exchange}, now):
            message = f"There are plans in {', '.join(lost)}: without an exchange rate nobody could rate them any more."
            raise refuse(RateCardProblem.INVALID, message, "exchangeRates")
        card = RateCard(new_id(now), current.version + 1, currency, prices, exchange)
        await _write(tx, card, wish.source, published_by, now)
    return card.version


async def _prices(price_lists: PriceLists, wish: CardWish) -> tuple[str, Mapping[tuple[str, str], Decimal]]:
    own = {(rate.category, rate.country): rate.price for rate in wish.rates}
    if wish.source is RateSource.FILE:
        return wish.currency or "", own
    try:
        found = await price_lists.read(wish.countries)
    except ProviderUnavailableError:
        message = "The provider did not say its prices just now: try again in a while, or publish a list of your own."
        raise refuse(RateCardProblem.PROVIDER_UNAVAILABLE, message, "source") from None
    if problems := _unknown(wish, found):
        raise RefusedError(problems)
    return found.currency, with_elsewhere(found.rates) | own


def _unknown(wish: CardWish, found: PriceList) -> list[Problem]:
    known = {rate.country for rate in found.rates}
    message = "The provider has no prices for this country: give them yourself."
    return [
        Problem(RateCardProblem.UNKNOWN_COUNTRY, message, ("countries", str(place)))
        for place, country in enumerate(wish.countries or ())
        if country not in known
    ]


async def _in_use(tx: Transaction, currencies: set[str], now: datetime) -> list[str]:
    """Those that a plan on sale is in, or one that sends, or invoices to come, go by."""
    sql = (
        "SELECT DISTINCT currency FROM plan WHERE currency = ANY($1::text[]) AND (state = 'PUBLISHED' OR EXISTS "
        "(SELECT FROM tenant_plan WHERE plan_id = plan.id AND (until IS NULL OR until > $2))) ORDER BY currency"
    )
    return [row["currency"] for row in await tx.rows(sql, sorted(currencies), now - _BILLED_WITHIN)]


async def _write(tx: Transaction, card: RateCard, source: RateSource, published_by: str, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO rate_card (id, version, currency, source, exchange_rates, published_at, published_by_name) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        card.id,
        card.version,
        card.currency,
        source.value,
        orjson.dumps({currency: f"{rate:f}" for currency, rate in card.exchange_rates.items()}).decode(),
        now,
        published_by,
    )
    rates = [Rate(*key, price) for key, price in sorted(card.prices.items())]
    await tx.execute(
        "INSERT INTO rate (rate_card_id, category, country, price) "
        "SELECT $1, * FROM unnest($2::text[], $3::text[], $4::numeric[])",
        card.id,
        [rate.category for rate in rates],
        [rate.country for rate in rates],
        [rate.price for rate in rates],
    )
