"""`portal rates publish`: from a file or from the provider; what is wrong is named, and nothing is published then."""

from pathlib import Path

import pytest

from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.command_line import typed
from tests.product import SECRET
from tests.rates.cards import kept
from twilio_gateway.simulator.prices import PRICES

HEAD = "category,country,price\n"


@pytest.fixture
def settings(address: DatabaseAddress, provider: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": address.url(),
        "SECRET_KEY": SECRET,
        "PORTAL_HOME": str(tmp_path / "home"),
        "SIMULATOR_URL": provider,
    }


async def run(settings: dict[str, str], *line: str) -> tuple[int, str]:
    """How the command ended, and what it said."""
    return await typed(settings, "rates", "publish", *line)


async def test_without_a_file_the_provider_is_asked_and_the_same_again_is_the_same_version(
    settings: dict[str, str], database: Database
) -> None:
    for _ in range(2):
        assert await run(settings) == (0, "Version 1 of the rate card is in force.\n")
    ((version, source, rates),) = await kept(database)
    assert (version, source, rates) == (1, "PROVIDER", 5 * (len(PRICES) + 1))  # of five categories, and elsewhere
    assert await run(settings, "--country", "us", "--exchange-rate", "EUR=0.92") == (
        0,
        "Version 2 of the rate card is in force.\n",
    )


async def test_a_file_is_published_as_it_stands(settings: dict[str, str], database: Database, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(f"\ufeff{HEAD}sms-outbound,us,0.0083\nsms-outbound,,0.1\n", encoding="utf-8")
    assert await run(settings, str(file), "--currency", "EUR") == (0, "Version 1 of the rate card is in force.\n")
    assert await kept(database) == [(1, "FILE", 2)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("price\n1\n", (), "The file's first line has to be category,country,price."),
        ("", (), "The file's first line has to be category,country,price."),
        (f"{HEAD}sms-outbound,US\n", (), "Line 2 of the file has to have three columns."),
        (f"{HEAD}sms-outbound,US,0,1\n", (), "Line 2 of the file has to have three columns."),
        (f"{HEAD}sms-outbound,US,a lot\n", (), "The price on line 2 of the file is no number."),
        (f"{HEAD}sms-outbound,,NaN\n", (), "  sms-outbound in everywhere else: A price is 0 or more"),
        (f"{HEAD}sms-outbound,,1e400\n", (), "  sms-outbound in everywhere else: A price is 0 or more"),
        (f"{HEAD}sms-outbound,US,1\n", (), "  rates: sms-outbound needs a rate for everywhere else."),
        (f"{HEAD}sms-outbound,,1\n", ("--currency", "ABC"), "  currency: The currency is one that is in use"),
        (f"{HEAD}sms-outbound,,1\n", ("--country", "US"), "  countries: Countries say what to read"),
        (f"{HEAD}sms-outbound,,1\n", ("--exchange-rate", "EUR"), "The exchange rate 'EUR' is no number."),
        ("\udcff", (), "rates.csv is no CSV in UTF-8."),
    ],
)
async def test_what_is_no_card_is_named_and_nothing_is_published(
    settings: dict[str, str], database: Database, tmp_path: Path, text: str, line: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    code, told = await run(settings, str(file), *line)
    assert code == 1
    assert said in told
    assert "Traceback" not in told
    assert await kept(database) == []


async def test_a_provider_that_does_not_answer_is_said(settings: dict[str, str], database: Database) -> None:
    code, told = await run(settings | {"SIMULATOR_URL": "http://127.0.0.1:1"})
    assert code == 1
    assert "source: The provider did not say its prices just now" in told
    assert await kept(database) == []
