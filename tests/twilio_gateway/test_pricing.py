"""The gateway reads Twilio's price lists, and the simulator's usage is priced by the same list."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from portal.messages.provider import ProviderUnavailableError
from portal.rates.provider import PriceList, Rate
from tests.twilio_gateway.conftest import SETTINGS
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.patience import Patience
from twilio_gateway.pricing import TwilioPriceLists
from twilio_gateway.simulator.prices import PRICES

COUNTRY = {"country": "Utopia", "iso_country": "UT", "price_unit": "USD", "url": "https://pricing.twilio.com/"}


def price(amount: Any, kind: str = "local") -> dict[str, Any]:
    return {"number_type": kind, "base_price": "9", "current_price": amount}


MESSAGING = COUNTRY | {
    "outbound_sms_prices": [
        {"carrier": "A", "mcc": "1", "mnc": "1", "prices": [price("0.05"), price("0.9", "shortcode")]},
        {"carrier": "B", "mcc": "1", "mnc": "2", "prices": [price(0.07)]},
        {"carrier": "C", "mcc": "1", "mnc": "3", "prices": [price("0.06")]},
    ],
    "inbound_sms_prices": [price("0.02", "toll free"), price("0.01", "mobile")],
}
VOICE = COUNTRY | {
    "outbound_prefix_prices": [
        {"origination_prefixes": ["ALL"], "destination_prefixes": ["1907"], **price("0.9")},
        {"origination_prefixes": ["ALL"], "destination_prefixes": ["1", "1808"], **price("0.013")},
    ],
    "inbound_call_prices": [price("0.0085")],
}


async def read(answers: dict[str, Any], *countries: str) -> PriceList:
    """The price list of a server that answers so; what it does not know is not found."""

    async def answer(request: web.Request) -> web.Response:
        kind = kind_of(request)
        if kind not in answers:
            return web.json_response({"code": 20404, "status": 404}, status=404)
        return web.json_response(answers[kind])

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server, TwilioGateway.open(str(server.make_url(""))) as gateway:
        return await gateway.price_lists("AC" + "1" * 32, "token").read(countries)


async def test_the_simulators_list_is_read_whole(gateway: TwilioGateway) -> None:
    found = await gateway.price_lists(SETTINGS.parent_sid, SETTINGS.parent_token).read(None)
    assert found.currency == "USD"
    assert {rate.country for rate in found.rates} == PRICES.keys()
    prices = {(rate.category, rate.country): rate.price for rate in found.rates}
    for country, told in PRICES.items():
        assert prices["sms-outbound", country] == Decimal(told.sms_out).scaleb(-6)
        assert prices["sms-inbound", country] == Decimal(told.sms_in).scaleb(-6)
        assert prices["calls-outbound", country] == Decimal(told.call_out).scaleb(-6)
        assert prices["calls-inbound", country] == Decimal(told.call_in).scaleb(-6)
    assert prices["phonenumbers", "US"] == Decimal("1.15")


async def test_a_country_that_twilio_does_not_know_has_no_prices(gateway: TwilioGateway) -> None:
    found = await gateway.price_lists(SETTINGS.parent_sid, SETTINGS.parent_token).read(["US", "AQ"])
    assert {rate.country for rate in found.rates} == {"US"}


async def test_of_several_prices_the_one_that_holds_for_a_tenants_number_is_taken() -> None:
    found = await read({"Messaging": MESSAGING, "Voice": VOICE}, "UT")
    assert found == PriceList(
        "USD",
        (
            Rate("sms-outbound", "UT", Decimal("0.07")),  # the carrier that asks for most
            Rate("sms-inbound", "UT", Decimal("0.01")),  # there are no local numbers
            Rate("calls-outbound", "UT", Decimal("0.013")),  # wherever no longer prefix is listed
            Rate("calls-inbound", "UT", Decimal("0.0085")),
        ),
    )


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"Messaging": {}},
        {"Messaging": MESSAGING | {"outbound_sms_prices": [{"carrier": "A"}]}},
        {"Messaging": MESSAGING | {"inbound_sms_prices": [price("free")]}},
        {"Messaging": MESSAGING, "Voice": VOICE | {"price_unit": "EUR"}},
    ],
)
async def test_a_list_that_makes_no_sense_is_no_answer(answers: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnavailableError):
        await read(answers, "UT")


async def test_wrong_credentials_get_no_prices(gateway: TwilioGateway) -> None:
    with pytest.raises(ProviderUnavailableError):
        await gateway.price_lists(SETTINGS.parent_sid, "wrong").read(["US"])


async def read_hindered(hindrances: list[tuple[int, str | None]]) -> tuple[PriceList | None, list[float], int]:
    """What is read of a server that first answers so, each with its Retry-After; the waits, and how often it was asked.

    None stands for a list that was not told.
    """
    asked, waits, left = 0, [], list(hindrances)

    async def answer(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if left:
            status, wait = left.pop(0)
            headers = {} if wait is None else {"Retry-After": wait}
            return web.json_response({"code": 20429, "status": status}, status=status, headers=headers)
        return web.json_response({"Messaging": MESSAGING, "Voice": VOICE, "PhoneNumbers": COUNTRY}[kind_of(request)])

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with (
        TestServer(app) as server,
        PortalTwilioHttp(api_base=str(server.make_url("")), timeout=timedelta(seconds=5)) as http,
    ):
        lists = TwilioPriceLists(http, "AC" + "1" * 32, "token", Patience(tries=4, longest_wait=5, sleep=sleep))
        try:
            found: PriceList | None = await lists.read(["UT"])
        except ProviderUnavailableError:
            found = None
    return found, waits, asked


def kind_of(request: web.Request) -> str:
    """Which of the three lists is asked for."""
    return request.path.split("/")[3]


async def test_too_many_requests_are_asked_again_when_twilio_says_or_later_and_later() -> None:
    unhindered, waits, asked = await read_hindered([])
    assert unhindered is not None
    assert (waits, asked) == ([], 3)
    found, waits, asked = await read_hindered([(429, "3"), (429, None), (503, None)])
    assert found == unhindered
    assert (waits, asked) == ([3.0, 2.0, 4.0], 6)


@pytest.mark.parametrize(
    ("hindrances", "waits"),
    [
        ([(429, None)] * 4, [1.0, 2.0, 4.0]),
        ([(429, "6")], []),  # longer than anybody waits for it
        ([(401, None)], []),  # asking again would not help
    ],
)
async def test_what_twilio_does_not_tell_in_time_is_not_asked_for_ever(
    hindrances: list[tuple[int, str | None]], waits: list[float]
) -> None:
    assert await read_hindered(hindrances) == (None, waits, len(hindrances))
