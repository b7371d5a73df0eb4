"""The gateway reads Twilio's price lists, and the simulator's usage is priced by the same list."""

from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from portal.messages.provider import ProviderUnavailableError
from portal.rates.provider import PriceList, Rate
from tests.twilio_gateway.conftest import SETTINGS
from twilio_gateway.gateway import TwilioGateway
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
        kind = request.path.split("/")[3]
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
