"""The gateway reads usage records: one account's own, its days half-open, its prices exact."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from portal.messages.provider import OutgoingMessage, ProviderCredentials, ProviderUnavailableError
from portal.usage.provider import ProviderUsage
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.patience import Patience
from twilio_gateway.usage_records import TwilioUsageRecords

ACCOUNT = ProviderCredentials("AC" + "1" * 32, "SK" + "1" * 32, "secret")
RECORD = {
    "as_of": "2026-11-21T03:04:05+00:00",
    "category": "sms-outbound",
    "count": "3",
    "count_unit": "messages",
    "end_date": "2026-11-20",
    "price": "PRICE",
    "price_unit": "usd",
    "start_date": "2026-11-20",
    "usage": "4",
    "usage_unit": "segments",
}


class Answering:
    """A server that gives these answers one after the other, and keeps the queries."""

    def __init__(self, *answers: str | tuple[int, str]) -> None:
        self.answers = list(answers)  # a body, or a status and its Retry-After
        self.queries: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="application/json")
        status, after = answer
        return web.json_response({"code": 20429, "status": status}, status=status, headers={"Retry-After": after})


Read = Callable[[Answering], Awaitable[list[ProviderUsage]]]


@pytest.fixture
def read() -> Read:
    async def reading(answering: Answering) -> list[ProviderUsage]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answering.answer)
        async with TestServer(app) as server, TwilioGateway.open(str(server.make_url(""))) as gateway:
            return [one async for one in gateway.usage_records.daily(ACCOUNT, date(2026, 11, 20), date(2026, 11, 22))]

    return reading


def page(*records: dict[str, Any], price: str = "0.0249", following: str | None = None) -> str:
    """An answer with these records, the price in it as it stands here."""
    told = web.json_response({"usage_records": list(records), "next_page_uri": following}).text or ""
    return told.replace('"PRICE"', price)


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("0.0249", "0.0249"),  # as a binary float it would be 0.02489999...
        ('"0.0249"', "0.0249"),
        ("123456789012.123456789", "123456789012.123456789"),  # more digits than a float holds
        ("1e-05", "0.00001"),
        ("7", "7"),
        ("0", "0"),
        ("null", "0"),
    ],
)
async def test_a_price_is_read_as_it_stands_in_the_answer(written: str, exact: str, read: Read) -> None:
    (found,) = await read(Answering(page(RECORD, price=written)))
    assert found == ProviderUsage(
        date(2026, 11, 20),
        "sms-outbound",
        Decimal(3),
        "messages",
        Decimal(4),
        "segments",
        Decimal(exact),
        "USD",
        datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC),
    )


async def test_days_are_inclusive_for_twilio_and_other_accounts_are_left_out(read: Read) -> None:
    answering = Answering(page(RECORD, following="/2010-04-01/more?PageToken=PA1"), page(RECORD))
    assert len(await read(answering)) == 2
    assert answering.queries == [
        {"StartDate": "2026-11-20", "EndDate": "2026-11-21", "IncludeSubaccounts": "false", "PageSize": "1000"},
        {"PageToken": "PA1"},
    ]


async def test_what_was_not_used_is_left_out_but_for_the_total(read: Read) -> None:
    nothing = RECORD | {"count": "0", "usage": "0"}
    total = RECORD | {"category": "totalprice", "count": None, "count_unit": "", "usage": "0"}
    found = await read(Answering(page(nothing, nothing | {"category": "calls"}, total, price="0")))
    assert [(one.category, one.count, one.price) for one in found] == [("totalprice", Decimal(0), Decimal(0))]


@pytest.mark.parametrize("price", ['"free"', '"NaN"', "NaN", "1e400", "-Infinity", "0." + "1" * 20, "1e999999999"])
async def test_a_price_that_is_none_is_no_answer(price: str, read: Read) -> None:
    with pytest.raises(ProviderUnavailableError) as refused:
        await read(Answering(page(RECORD, price=price)))
    assert price not in str(refused.value)


@pytest.mark.parametrize("answer", ["", "<html>", "{}", '{"usage_records": [{}], "next_page_uri": null}'])
async def test_an_answer_that_cannot_be_read_is_none(answer: str, read: Read) -> None:
    with pytest.raises(ProviderUnavailableError):
        await read(Answering(answer))


async def read_hindered(answering: Answering) -> tuple[list[ProviderUsage], list[float]]:
    """The records, and for how long it was waited in between."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answering.answer)
    async with (
        TestServer(app) as server,
        PortalTwilioHttp(api_base=str(server.make_url("")), timeout=timedelta(seconds=10)) as http,
    ):
        records = TwilioUsageRecords(http, Patience(tries=3, longest_wait=10, sleep=sleep))
        return [one async for one in records.daily(ACCOUNT, date(2026, 11, 20), date(2026, 11, 22))], waits


async def test_a_page_that_is_asked_for_too_often_is_asked_for_again_when_twilio_says() -> None:
    first = page(RECORD, following="/2010-04-01/more?PageToken=PA1")
    answering = Answering((429, "3"), first, (503, ""), (429, "4"), page(RECORD))
    found, waits = await read_hindered(answering)
    assert (len(found), waits) == (2, [3.0, 1.0, 4.0])
    assert [query.get("PageToken") for query in answering.queries] == [None, None, "PA1", "PA1", "PA1"]


@pytest.mark.parametrize("answers", [[(429, "1")] * 3, [(429, "11")], [(401, "")]])
async def test_patience_ends_and_a_refusal_is_not_asked_again(answers: list[tuple[int, str]]) -> None:
    answering = Answering(*answers)
    with pytest.raises(ProviderUnavailableError):
        await read_hindered(answering)
    assert answering.answers == []
    assert len(answering.queries) == len(answers)


async def test_no_days_ask_for_nothing(gateway: TwilioGateway) -> None:
    day = date(2026, 11, 20)
    assert [one async for one in gateway.usage_records.daily(ACCOUNT, day, day)] == []


async def test_a_tenant_s_own_usage_is_read_with_its_own_key(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    await gateway.messages.send(credentials, message)
    await receiver.until(lambda seen: any(one.fields["MessageStatus"] == "delivered" for one in seen))
    today = datetime.now(UTC).date()
    found = {one.category: one async for one in gateway.usage_records.daily(credentials, today, today + timedelta(1))}
    assert found["sms-outbound"].count == found["sms-outbound"].usage == 1
    assert found["sms-outbound"].price == Decimal("0.0083")
    assert found["totalprice"].price > found["sms-outbound"].price
    with pytest.raises(ProviderUnavailableError):
        _ = [
            one
            async for one in gateway.usage_records.daily(
                replace(credentials, key_secret="wrong"), today, today + timedelta(1)
            )
        ]
