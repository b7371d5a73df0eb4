"""Publishing rate cards over GraphQL: the operator's own list, the provider's, what is refused, and two at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from auth.permissions import StaffRole
from portal.database.address import DatabaseAddress
from tests.invoices.months import SILVER
from tests.invoices.stored_usage import charge, make_customer, make_plan
from tests.plans.offers import GIVEN
from tests.product import Caller, Product
from tests.product import product as serve_product
from tests.rates.cards import PUBLISH, card, kept, publish, rate
from tests.turnable_clock import TurnableClock
from twilio_gateway.simulator.prices import PRICES

PLAN = "mutation ($input: PlanInput!) { planPublish(input: $input) { plan { id } errors { code path } } }"
RETIRE = "mutation ($id: ID!) { planRetire(id: $id) { errors { code } } }"
PROVIDER = {"source": "PROVIDER"}
RATES = '{ rateCard { version rates(category: "sms-outbound") { country price unit } } }'


@pytest.fixture
async def operator(product: Product) -> Caller:
    """The ISV's operator."""
    return await product.member(None, StaffRole.ISV_OPERATOR)


async def test_a_card_of_ones_own_is_in_force_at_once_and_the_same_again_changes_nothing(
    product: Product, operator: Caller
) -> None:
    told = {"version": 1, "currency": "USD", "source": "FILE", "publishedBy": "Isv_Operator"}
    assert await publish(operator, card()) == {"rateCard": told, "errors": []}
    product.clock.advance(timedelta(seconds=1))
    assert await publish(operator, card()) == {"rateCard": told, "errors": []}
    turned = card() | {"rates": card()["rates"][::-1]}  # it says the same
    assert await publish(operator, turned) == {"rateCard": told, "errors": []}
    assert await kept(product.database) == [(1, "FILE", 2)]
    assert (await publish(operator, card(rate("0.1", "DE"))))["rateCard"]["version"] == 2
    assert (await publish(operator, card()))["rateCard"]["version"] == 3  # back to what was: a version of its own
    assert await kept(product.database) == [(1, "FILE", 2), (2, "FILE", 3), (3, "FILE", 2)]


async def test_the_providers_list_is_published_with_the_highest_price_for_everywhere_else(
    product: Product, operator: Caller
) -> None:
    answer = await publish(operator, PROVIDER)
    assert answer["errors"] == []
    assert {name: answer["rateCard"][name] for name in ("version", "currency", "source")} == {
        "version": 1,
        "currency": "USD",
        "source": "PROVIDER",
    }
    found = (await operator.run(RATES))["rateCard"]["rates"]
    assert [(one["country"], one["unit"]) for one in found] == [
        (country, "segment") for country in (None, *sorted(PRICES))
    ]
    prices = {one["country"]: one["price"] for one in found}
    assert (prices["US"], prices["DE"], prices[None]) == ("0.0083", "0.112", "0.112")
    before = await kept(product.database)
    assert (await publish(operator, PROVIDER))["rateCard"]["version"] == 1
    assert await kept(product.database) == before


async def test_own_rates_stand_in_place_of_the_providers_and_countries_bound_what_is_read(operator: Caller) -> None:
    given = PROVIDER | {"countries": ["US", "CA"], "rates": [rate("0.005", "US"), rate("0.2")]}
    assert (await publish(operator, given))["errors"] == []
    found = (await operator.run(RATES))["rateCard"]["rates"]
    assert [(one["country"], one["price"]) for one in found] == [(None, "0.2"), ("CA", "0.0083"), ("US", "0.005")]


async def test_a_provider_that_does_not_answer_leaves_the_card_that_there_was(
    address: DatabaseAddress, clock: TurnableClock
) -> None:
    closed = "http://127.0.0.1:1"
    async with serve_product(address, clock, closed) as product:
        operator = await product.member(None, StaffRole.ISV_OPERATOR)
        assert (await publish(operator, card()))["errors"] == []
        answer = await publish(operator, PROVIDER)
        assert answer["rateCard"] is None
        assert [(error["code"], error["path"]) for error in answer["errors"]] == [
            ("PROVIDER_UNAVAILABLE", ["input", "source"])
        ]
        assert await kept(product.database) == [(1, "FILE", 2)]


def at(*path: str) -> list[str]:
    return ["input", *path]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (card(rate("-0.1", "DE")), [("INVALID", at("rates", "2", "price"))]),
        (card(rate("1000000", "DE")), [("INVALID", at("rates", "2", "price"))]),
        (card(rate("0.1", "US")), [("DUPLICATE", at("rates", "2"))]),
        (card(rate("0.1", "XX")), [("UNKNOWN_COUNTRY", at("rates", "2", "country"))]),
        (card(rate("0.1", "us")), [("UNKNOWN_COUNTRY", at("rates", "2", "country"))]),
        (card(rate("0.1", category="sms")), [("UNKNOWN_CATEGORY", at("rates", "2", "category"))]),
        (card(rate("0.1", "US", "calls-outbound")), [("ELSEWHERE_MISSING", at("rates"))]),
        (card() | {"rates": []}, [("ELSEWHERE_MISSING", at("rates"))]),
        (card(currency="XXQ"), [("UNKNOWN_CURRENCY", at("currency"))]),
        (card(currency=None), [("UNKNOWN_CURRENCY", at("currency"))]),
        (card(countries=["US"]), [("INVALID", at("countries"))]),
        (
            card(exchangeRates=[{"currency": "EUR", "rate": "0"}, {"currency": "EUR", "rate": "-1"}]),
            [
                ("INVALID", at("exchangeRates", "0", "rate")),
                ("INVALID", at("exchangeRates", "1", "rate")),
                ("DUPLICATE", at("exchangeRates", "1")),
            ],
        ),
        (
            card(exchangeRates=[{"currency": "ZZZ", "rate": "1"}]),
            [("UNKNOWN_CURRENCY", at("exchangeRates", "0", "currency"))],
        ),
        (card(exchangeRates=[{"currency": "USD", "rate": "1"}]), [("INVALID", at("exchangeRates"))]),
        (PROVIDER | {"currency": "USD"}, [("INVALID", at("currency"))]),
        (PROVIDER | {"countries": ["US", "XX"]}, [("UNKNOWN_COUNTRY", at("countries", "1"))]),
        (PROVIDER | {"countries": ["US", "CH"]}, [("UNKNOWN_COUNTRY", at("countries", "1"))]),  # it sells nothing there
    ],
)
async def test_what_no_card_can_say_is_refused_with_its_place_and_nothing_changes(
    product: Product, operator: Caller, given: dict[str, Any], problems: list[tuple[str, list[str]]]
) -> None:
    assert (await publish(operator, card()))["errors"] == []
    answer = await publish(operator, given)
    assert answer["rateCard"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == problems
    assert all(error["message"].endswith(".") for error in answer["errors"])
    assert await kept(product.database) == [(1, "FILE", 2)]


@pytest.mark.parametrize("price", ["NaN", "-NaN", "Infinity", "1e400", "1e-400", "0.00000000000000000001", "1,5", 0.1])
async def test_what_is_no_decimal_number_is_refused_with_its_place_and_nothing_changes(
    product: Product, operator: Caller, price: Any
) -> None:
    (error,) = await operator.errors(PUBLISH, input=card(rate(price, "DE")))
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("Variable '$input' has invalid value at .rates[2].price: A Decimal is a string")
    assert await kept(product.database) == []


async def test_a_card_keeps_the_exchange_rates_that_plans_go_by(product: Product, operator: Caller) -> None:
    euros = card(exchangeRates=[{"currency": "EUR", "rate": "0.92"}, {"currency": "GBP", "rate": "0.8"}])
    assert (await publish(operator, euros))["errors"] == []
    in_euros = (await operator.run(PLAN, input=GIVEN | {"currency": "EUR"}))["planPublish"]
    assert in_euros["errors"] == []
    before = await kept(product.database)
    for given in (card(), card(currency="GBP")):
        refused = (await publish(operator, given))["errors"]
        assert [(error["code"], error["path"]) for error in refused] == [("INVALID", ["input", "exchangeRates"])]
        assert "There are plans in EUR" in refused[0]["message"]
    assert await kept(product.database) == before
    dollars = card(currency="EUR", exchangeRates=[{"currency": "USD", "rate": "1.09"}])
    assert (await publish(operator, dollars))["errors"] == []  # pounds nobody needs
    await operator.run(RETIRE, id=in_euros["plan"]["id"])
    assert (await publish(operator, card()))["errors"] == []  # nor euros any more


async def test_the_currency_of_cards_stays_once_costs_are_kept_in_it(product: Product, operator: Caller) -> None:
    assert (await publish(operator, card()))["errors"] == []
    tenant_id, holding = await make_customer(product.database, await make_plan(product.database, "Silver", SILVER))
    await charge(product.database, tenant_id, holding, product.clock.now().date(), count=1, cost="0.0079")
    before = await kept(product.database)
    euros = card(currency="EUR", exchangeRates=[{"currency": "USD", "rate": "1.09"}])
    refused = (await publish(operator, euros))["errors"]
    assert [(error["code"], error["path"]) for error in refused] == [("INVALID", ["input", "currency"])]
    assert "is kept in USD" in refused[0]["message"]
    assert await kept(product.database) == before


async def test_two_cards_at_once_are_two_versions_one_behind_the_other(product: Product, operator: Caller) -> None:
    one, other = card(rate("0.2", "DE")), card(rate("0.3", "FR"), rate("0.4", "GB"))
    answers = await asyncio.gather(*(publish(operator, given) for given in (one, other)))
    assert sorted(answer["rateCard"]["version"] for answer in answers) == [1, 2]
    by_version = {answer["rateCard"]["version"]: rates for answer, rates in zip(answers, (3, 4), strict=True)}
    assert await kept(product.database) == [(version, "FILE", by_version[version]) for version in (1, 2)]


async def test_the_same_card_many_times_at_once_is_published_once(product: Product, operator: Caller) -> None:
    answers = await asyncio.gather(*(publish(operator, card()) for _ in range(5)))
    assert [answer["rateCard"]["version"] for answer in answers] == [1] * 5
    assert await kept(product.database) == [(1, "FILE", 2)]
