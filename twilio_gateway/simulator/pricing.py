"""The Pricing API: what messages, calls and numbers cost in each country, told from the simulator's own price list."""

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.prices import PRICES, CountryPrices, dollars
from twilio_gateway.simulator.wire import Page, TwilioError

_HOST = "https://pricing.twilio.com"
_Rendered = Callable[[str, CountryPrices], dict[str, Any]]


async def _list(call: Call, path: str) -> Response:
    page = Page(call.fields)
    countries = [{"seq": seq, "code": code} for seq, code in enumerate(sorted(PRICES))]
    rest = [one for one in countries if page.after is None or int(str(one["seq"])) > page.after]

    def render(one: dict[str, Any]) -> dict[str, Any]:
        return _country(path, one["code"], PRICES[one["code"]])

    return JSONResponse(page.modern("countries", f"{_HOST}{path}", rest[: page.size + 1], render))


async def _fetch(call: Call, path: str, render: _Rendered) -> Response:
    code = call.path["IsoCountry"].upper()
    if code not in PRICES:
        raise TwilioError(404, 20404)
    prices = PRICES[code]
    return JSONResponse(_country(path, code, prices) | {"price_unit": "USD"} | render(code, prices))


def _country(path: str, code: str, prices: CountryPrices) -> dict[str, Any]:
    return {"country": prices.name, "iso_country": code, "url": f"{_HOST}{path}/{code}"}


def _messaging(code: str, prices: CountryPrices) -> dict[str, Any]:
    carriers = [
        {"carrier": carrier, "mcc": code, "mnc": str(number), "prices": _price(prices.sms_out)}
        for number, carrier in enumerate(prices.carriers)
    ]
    return {"outbound_sms_prices": carriers, "inbound_sms_prices": _price(prices.sms_in)}


def _voice(code: str, prices: CountryPrices) -> dict[str, Any]:
    ways = [([code], prices.call_out, ""), ([f"{code}900"], prices.call_out * 20, ", premium")]
    outbound = [
        {
            "origination_prefixes": ["ALL"],
            "destination_prefixes": prefixes,
            "friendly_name": f"Programmable Outbound Minute - {prices.name}{what}",
            **_both(micros),
        }
        for prefixes, micros, what in ways
    ]
    return {"outbound_prefix_prices": outbound, "inbound_call_prices": _price(prices.call_in)}


def _numbers(_: str, prices: CountryPrices) -> dict[str, Any]:
    toll_free = {"number_type": "toll free", **_both(2_150_000)}
    return {"phone_number_prices": [toll_free] + ([] if prices.number is None else _price(prices.number))}


def _price(micros: int) -> list[dict[str, Any]]:
    return [{"number_type": "local", **_both(micros)}]


def _both(micros: int) -> dict[str, str]:
    return {"base_price": dollars(micros), "current_price": dollars(micros)}


_KINDS: dict[str, _Rendered] = {
    "/v1/Messaging/Countries": _messaging,
    "/v1/PhoneNumbers/Countries": _numbers,
    "/v2/Voice/Countries": _voice,
}
OPERATIONS = tuple(
    operation
    for path, render in _KINDS.items()
    for operation in (
        Operation("GET", path, PAGING, partial(_list, path=path), host="pricing"),
        Operation(
            "GET",
            f"{path}/{{IsoCountry}}",
            frozenset(),
            partial(_fetch, path=path, render=render),
            host="pricing",
        ),
    )
)
