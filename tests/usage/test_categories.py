"""Amounts of categories that lie in each other are taken once: they add up to the total, whatever was used."""

import calendar
import itertools
from datetime import date, timedelta
from decimal import Decimal

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messages.provider import ProviderCredentials
from portal.usage.categories import CATEGORIES, OTHER, TOTAL, cover, innermost
from portal.usage.periods import Days, UsageBucketSize, UsagePeriod, cut, days_of
from tests.product import PARENT
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.used import CATEGORIES as SIMULATED
from twilio_gateway.simulator.used import HOLDERS

AMOUNTS = st.decimals(min_value=-10, max_value=10_000, places=5)
NAMES = st.sampled_from(sorted({*CATEGORIES, TOTAL, "unheard-of", "sms-outbound-longcode"} - {OTHER}))
USABLE = sorted(set(SIMULATED) - HOLDERS - {TOTAL})


@given(st.dictionaries(NAMES, AMOUNTS), AMOUNTS)
def test_with_a_total_the_amounts_add_up_to_it_whatever_the_records(prices: dict[str, Decimal], total: Decimal) -> None:
    assert sum(cover(prices | {TOTAL: total}).values()) == total


@given(st.dictionaries(NAMES, AMOUNTS))
def test_no_category_that_is_taken_holds_another_one(prices: dict[str, Decimal]) -> None:
    taken = cover(prices)
    for name in taken.keys() - {OTHER}:
        above = CATEGORIES[name].parent
        while above != TOTAL:
            assert above not in taken
            above = CATEGORIES[above].parent
    assert innermost(prices) == taken.keys() - {OTHER}


@given(st.dictionaries(NAMES, AMOUNTS))
def test_an_amount_is_its_record_s_own_but_for_other(prices: dict[str, Decimal]) -> None:
    assert all(amount == prices[name] for name, amount in cover(prices).items() if name != OTHER)


def test_what_no_category_is_known_of_is_other() -> None:
    prices = {TOTAL: Decimal("1.00"), "sms": Decimal("0.60"), "sms-outbound": Decimal("0.50"), "fax": Decimal("0.30")}
    assert cover(prices) == {"sms-outbound": Decimal("0.50"), OTHER: Decimal("0.50")}


async def test_the_amounts_of_simulated_usage_of_every_kind_add_up_to_twilio_s_total_price(simulator: str) -> None:
    async with TwilioGateway.open(simulator, timedelta(seconds=60)) as gateway:
        accounts = gateway.accounts(PARENT.parent_sid, PARENT.parent_token)
        account = await accounts.provision("of every kind", inbound_url="http://127.0.0.1:1/")
        day = date(2026, 9, 30)
        lines = [
            {
                "account_sid": account.account_sid,
                "day": day.isoformat(),
                "category": category,
                "count": place,
                "usage": place,
                "price": f"0.{place:06}",
            }
            for place, category in enumerate(USABLE, start=1)
        ]
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            assert (await http.post(f"{simulator}/simulator/usage", json=lines)).is_success
        credentials = ProviderCredentials(account.account_sid, account.key_sid, account.key_secret)
        read = gateway.usage_records.daily(credentials, day, day + timedelta(days=1))
        prices = {one.category: one.price async for one in read}
    total = sum(Decimal(str(line["price"])) for line in lines)
    assert prices[TOTAL] == total
    assert sum(cover(prices).values()) == total
    assert sum(prices.values()) - total > total  # what whoever adds up all that is listed would ask for twice


@pytest.mark.parametrize(("month", "days"), [((2026, 2), 28), ((2028, 2), 29), ((2026, 4), 30), ((2026, 10), 31)])
def test_a_month_has_the_days_of_the_calendar(month: tuple[int, int], days: int) -> None:
    first = date(*month, 1)
    found = days_of(UsagePeriod.THIS_MONTH, first + timedelta(days=12))
    assert (found.first, found.count) == (first, days)
    assert days_of(UsagePeriod.LAST_MONTH, found.until + timedelta(days=12)) == found
    assert [part.count for part in cut(found, UsageBucketSize.DAY, found.until)] == [1] * days


@given(st.dates(date(2001, 1, 1), date(2030, 1, 1)), st.integers(1, 1500), st.sampled_from(list(UsageBucketSize)))
def test_the_parts_of_a_range_follow_each_other_and_fill_it(first: date, count: int, size: UsageBucketSize) -> None:
    days = Days(first, first + timedelta(days=count))
    parts = cut(days, size, days.until)
    assert (parts[0].first, parts[-1].until) == (days.first, days.until)
    assert all(before.until == after.first for before, after in itertools.pairwise(parts))
    assert sum(part.count for part in parts) == count


@given(st.integers(2001, 2100))
def test_a_year_has_a_leap_day_where_the_calendar_has_one(year: int) -> None:
    assert days_of(UsagePeriod.THIS_YEAR, date(year, 6, 1)).count == 365 + calendar.isleap(year)
