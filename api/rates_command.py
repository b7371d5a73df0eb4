"""`portal rates`: the operator's command that publishes rate cards, from the provider's prices or from a file."""

import csv
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from api.announcement import say
from api.failures import PortalError
from api.on_database import on_database
from api.prices import ProviderPrices
from api.settings import Settings
from portal.clock import SystemClock
from portal.database import Database
from portal.problems import Problem, RefusedError
from portal.rates.provider import Rate
from portal.rates.publishing import publish_rate_card
from portal.rates.rules import CardWish, ExchangeRate, RateSource

rates = typer.Typer(no_args_is_help=True, help="Rate cards: what the provider asks the ISV for.")
_COLUMNS = ["category", "country", "price"]
_BY = "The command line"
_FILE = typer.Argument(
    exists=True, dir_okay=False, help="A CSV with category,country,price; without it the provider is asked."
)


@rates.callback()
def _several() -> None:
    """Keep `publish` a command of its own."""


@rates.command()
def publish(
    file: Annotated[Path | None, _FILE] = None,
    *,
    currency: Annotated[str | None, typer.Option(help="The currency of the file's prices, USD unless given.")] = None,
    country: Annotated[
        list[str] | None, typer.Option(help="A country to ask the provider about; all of them unless given.")
    ] = None,
    exchange_rate: Annotated[
        list[str] | None, typer.Option(help="What one unit is worth in another currency, such as EUR=0.92.")
    ] = None,
) -> None:
    """Publish the next version; a line of the file without a country is the price of everywhere else."""
    countries = tuple(code.upper() for code in country) if country else None

    async def put(database: Database, settings: Settings) -> None:
        exchange = tuple(_exchange_rate(one) for one in exchange_rate or ())
        if file is None:
            wish = CardWish(RateSource.PROVIDER, currency, (), countries, exchange)
        else:
            wish = CardWish(RateSource.FILE, currency or "USD", _read(file), countries, exchange)
        try:
            now = SystemClock().now()
            version = await publish_rate_card(database, ProviderPrices(settings), wish, _BY, now=now)
        except RefusedError as refused:
            said = [_said(problem, wish) for problem in refused.problems]
            raise PortalError("\n".join(["The rate card is not published.", *said])) from None
        say(f"Version {version} of the rate card is in force.")

    on_database(put)


def _said(problem: Problem, wish: CardWish) -> str:
    """A problem with its place: a rate is known by its category and country."""
    match problem.path:
        case ("rates", place, *_):
            rate = wish.rates[int(place)]
            where = f"{rate.category} in {rate.country or 'everywhere else'}"
        case path:
            where = " ".join(path)
    return f"  {where}: {problem.message}"


def _read(file: Path) -> tuple[Rate, ...]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return _rates(lines)
    except (UnicodeDecodeError, csv.Error):
        raise PortalError(f"{file.name} is no CSV in UTF-8.") from None


def _rates(lines: Iterable[str]) -> tuple[Rate, ...]:
    reader = csv.DictReader(lines)
    if reader.fieldnames != _COLUMNS:
        raise PortalError(f"The file's first line has to be {','.join(_COLUMNS)}.")
    return tuple(_rate(row, reader.line_num) for row in reader)


def _rate(row: dict[str, str | None], line: int) -> Rate:
    category, country, price = (row[column] for column in _COLUMNS)
    if category is None or country is None or price is None or None in row:
        raise PortalError(f"Line {line} of the file has to have three columns.")
    return Rate(category.strip(), country.strip().upper(), _number(price, f"The price on line {line} of the file"))


def _exchange_rate(text: str) -> ExchangeRate:
    currency, _, rate = text.partition("=")
    return ExchangeRate(currency, _number(rate, f"The exchange rate {text!r}"))


def _number(text: str, what: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise PortalError(f"{what} is no number.") from None
