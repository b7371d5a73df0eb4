"""Usage records agree with what was sent."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from portal.messages.provider import OutgoingMessage, ProviderCredentials
from tests.turnable_clock import TurnableClock
from tests.twilio_gateway.conftest import SETTINGS, Simulated, write_to
from tests.twilio_gateway.door import Door
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running
from twilio_gateway.simulator.used import CATEGORIES as KNOWN

PARENT = (SETTINGS.parent_sid, SETTINGS.parent_token)
CATEGORIES = list(KNOWN)
# 3 segments and the fees of the carriers, a message that failed, and a number
TOTAL = Decimal("0.0249") + Decimal("0.009") + Decimal("0.001") + Decimal("1.15")


async def records(simulator: Simulated, account_sid: str, kind: str = "", **fields: str) -> list[dict[str, Any]]:
    path = f"/api/2010-04-01/Accounts/{account_sid}/Usage/Records{kind}.json"
    status, body, _ = await simulator.call(PARENT, "GET", path, **fields)
    assert status == 200
    return list(body["usage_records"])


async def test_what_was_delivered_is_counted_in_messages_segments_and_dollars(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
    simulator: Simulated,
) -> None:
    for recipient, body in (("+12025550100", "x" * 161), ("+12025550103", "x"), ("+12025550108", "x")):
        await gateway.messages.send(credentials, replace(message, recipient=recipient, body=body))
    ends = {"delivered", "undelivered", "failed"}
    await receiver.until(lambda seen: sum(one.fields["MessageStatus"] in ends for one in seen) == 3)
    for kind in ("", "/AllTime", "/Today", "/ThisMonth", "/Daily", "/Monthly", "/Yearly"):
        found = await records(simulator, tenant.account_sid, kind)
        assert [record["category"] for record in found] == CATEGORIES
        by_name = {record["category"]: record for record in found}
        sms = by_name["sms"]
        assert (sms["count"], sms["count_unit"], sms["usage"], sms["usage_unit"]) == ("2", "messages", "3", "segments")
        assert Decimal(str(sms["price"])) == Decimal("0.0249")
        assert by_name["phonenumbers"]["count"] == "1"
        assert by_name["sms-outbound"]["count"] == by_name["sms-outbound-longcode"]["count"] == "2"
        assert by_name["sms-inbound"]["count"] == "0"
        assert (by_name["failed-message-processing-fee"]["count"], by_name["calls"]["count"]) == ("1", "0")
        assert Decimal(str(by_name["totalprice"]["price"])) == Decimal(by_name["totalprice"]["usage"]) == TOTAL
    [total] = await records(simulator, tenant.account_sid, "/Today", Category="totalprice")
    assert total["category"] == "totalprice"
    assert await records(simulator, tenant.account_sid, "/Today", Category="taxis") == []
    yesterday = await records(simulator, tenant.account_sid, "/Yesterday", Category="sms")
    assert [record["count"] for record in yesterday] == ["0"]


async def test_the_parents_usage_holds_its_subaccounts_unless_told_otherwise(
    tenant: ProvisionedAccount, simulator: Simulated
) -> None:
    own = await records(simulator, SETTINGS.parent_sid, Category="phonenumbers", IncludeSubaccounts="false")
    everyones = await records(simulator, SETTINGS.parent_sid, Category="phonenumbers")
    assert own[0]["count"] == "0"
    assert int(everyones[0]["count"]) >= 1


@pytest.fixture
def turned(tmp_path: Path) -> Iterator[tuple[Simulated, TurnableClock]]:
    """A simulator whose clock stands on the last minute of a leap day."""
    clock = TurnableClock(datetime(2028, 2, 29, 23, 59, tzinfo=UTC))
    door = Door(create_simulator(replace(SETTINGS, state=tmp_path / "state"), clock))
    with running(door) as address:
        yield Simulated(address, door), clock


async def test_periods_are_days_months_and_years_of_gmt(turned: tuple[Simulated, TurnableClock]) -> None:
    simulator, clock = turned
    async with TwilioGateway.open(simulator.address) as gateway:
        tenant = await gateway.accounts(*PARENT).provision("Leap Inc.")
    clock.advance(timedelta(minutes=2))

    async def spans(kind: str, **fields: str) -> list[tuple[str, str, str]]:
        found = await records(simulator, tenant.account_sid, kind, Category="phonenumbers", **fields)
        return [(record["start_date"], record["end_date"], record["count"]) for record in found]

    assert await spans("/Today") == [("2028-03-01", "2028-03-01", "0")]
    assert await spans("/Yesterday") == [("2028-02-29", "2028-02-29", "1")]
    assert await spans("/LastMonth") == [("2028-02-01", "2028-02-29", "1")]
    assert await spans("/ThisMonth") == [("2028-03-01", "2028-03-01", "0")]
    assert await spans("/AllTime") == [("2028-02-29", "2028-03-01", "1")]
    assert await spans("/Daily") == [("2028-03-01", "2028-03-01", "0"), ("2028-02-29", "2028-02-29", "1")]
    assert await spans("/Monthly", StartDate="2028-02-01") == [
        ("2028-03-01", "2028-03-01", "0"),
        ("2028-02-01", "2028-02-29", "1"),
    ]
    assert await spans("/Yearly", StartDate="2027-12-31") == [
        ("2028-01-01", "2028-03-01", "1"),
        ("2027-12-31", "2027-12-31", "0"),
    ]
    assert await spans("", StartDate="-1days", EndDate="2028-02-29") == [("2028-02-29", "2028-02-29", "1")]
    status, _, _ = await simulator.call(
        PARENT, "GET", f"/api/2010-04-01/Accounts/{tenant.account_sid}/Usage/Records.json", StartDate="soon"
    )
    assert status == 400


async def test_long_lists_of_days_are_read_page_by_page(turned: tuple[Simulated, TurnableClock]) -> None:
    simulator, _ = turned
    address = f"/api/2010-04-01/Accounts/{SETTINGS.parent_sid}/Usage/Records/Daily.json?StartDate=-9days&PageSize=7"
    days = []
    async with asyncio.timeout(10):
        while address:
            _, body, _ = await simulator.call(PARENT, "GET", address)
            days += [(record["start_date"], record["category"]) for record in body["usage_records"]]
            address = body["next_page_uri"] and "/api" + body["next_page_uri"]
    assert len(days) == len(set(days)) == 10 * len(CATEGORIES)


async def tell(simulator: Simulated, path: str, told: Any) -> tuple[int, Any]:
    """Tell the simulator something: its status and answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.address}/simulator/{path}", json=told) as response,
    ):
        return response.status, await response.json()


async def test_usage_that_is_told_is_in_the_records_of_its_day_and_of_what_holds_it(
    turned: tuple[Simulated, TurnableClock],
) -> None:
    simulator, _ = turned
    parent = SETTINGS.parent_sid
    line = {"account_sid": parent, "day": "2028-02-28", "category": "sms-outbound", "count": 7, "usage": 9}
    lines = [line | {"price": "0.0747"}, line | {"category": "calls-inbound", "count": 1, "usage": 3, "price": "0.03"}]
    assert await tell(simulator, "usage", lines) == (201, {"lines": 2})
    found = await records(simulator, parent, "/Daily", StartDate="2028-02-28", EndDate="2028-02-28")
    told = {one["category"]: (one["count"], one["usage"], one["price"]) for one in found if one["price"]}
    assert told == {
        **dict.fromkeys(("sms", "sms-outbound", "sms-outbound-longcode"), ("7", "9", 0.0747)),
        **dict.fromkeys(("calls", "calls-inbound"), ("1", "3", 0.03)),
        "totalprice": (None, "0.1047", 0.1047),
    }


async def test_what_is_late_or_put_right_shows_when_its_time_has_come(turned: tuple[Simulated, TurnableClock]) -> None:
    simulator, clock = turned
    parent = SETTINGS.parent_sid
    late = clock.now() + timedelta(hours=5)
    line = {"account_sid": parent, "day": "2028-02-27", "category": "sms-outbound"}
    lines = [
        line | {"count": 3, "usage": 3, "price": "0.0249"},
        line | {"count": 1, "usage": 1, "price": "0.0083", "seen_at": late.isoformat()},
        line | {"price": "-0.0049", "seen_at": late.isoformat()},
    ]
    assert (await tell(simulator, "usage", lines))[0] == 201

    async def shown() -> tuple[str, float]:
        day = {"StartDate": "2028-02-27", "EndDate": "2028-02-27"}
        (one,) = await records(simulator, parent, "/Daily", Category="sms-outbound", **day)
        return one["count"], one["price"]

    assert await shown() == ("3", 0.0249)
    clock.advance(timedelta(hours=6))
    assert await shown() == ("4", 0.0283)


async def test_records_lag_behind_as_they_are_told_to(turned: tuple[Simulated, TurnableClock]) -> None:
    simulator, clock = turned
    assert await tell(simulator, "usage/lag", {"seconds": 7200}) == (200, {"seconds": 7200})
    line = {"account_sid": SETTINGS.parent_sid, "day": "2028-03-01", "category": "lookups", "count": 1, "usage": 1}
    await tell(simulator, "usage", [line | {"price": "0.005"}])
    clock.turn_to(datetime(2028, 3, 1, 1, tzinfo=UTC))
    (one,) = await records(simulator, SETTINGS.parent_sid, "/Today", Category="lookups")
    assert (one["count"], one["as_of"]) == ("0", "2028-02-29T23:00:00+00:00")
    clock.turn_to(datetime(2028, 3, 1, 2, tzinfo=UTC))
    (one,) = await records(simulator, SETTINGS.parent_sid, "/Today", Category="lookups")
    assert (one["count"], one["as_of"]) == ("1", "2028-03-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"category": "sms"}, 400),  # the sum of others
        ({"category": "taxis"}, 400),
        ({"price": "0.00000001"}, 400),
        ({"price": "NaN"}, 400),
        ({"day": "2028-04-31"}, 400),
        ({"account_sid": "AC" + "9" * 32}, 404),
        ({"colour": "red"}, 400),
    ],
)
async def test_usage_that_makes_no_sense_is_refused(
    change: dict[str, str], status: int, turned: tuple[Simulated, TurnableClock]
) -> None:
    simulator, _ = turned
    line = {"account_sid": SETTINGS.parent_sid, "day": "2028-02-29", "category": "lookups", "count": 1, "usage": 1}
    good = line | {"price": "0.005"}
    assert (await tell(simulator, "usage", [good, good | change]))[0] == status
    (one,) = await records(simulator, SETTINGS.parent_sid, "/Today", Category="lookups")
    assert one["count"] == "0"


async def test_a_number_is_charged_on_its_day_of_each_month(turned: tuple[Simulated, TurnableClock]) -> None:
    simulator, clock = turned
    clock.turn_to(datetime(2028, 12, 31, 12, tzinfo=UTC))
    async with TwilioGateway.open(simulator.address) as gateway:
        tenant = await gateway.accounts(*PARENT).provision("Months Ltd.")
    clock.turn_to(datetime(2029, 4, 1, tzinfo=UTC))
    found = await records(simulator, tenant.account_sid, "/Daily", Category="phonenumbers", PageSize="1000")
    days = [(one["start_date"], one["price"]) for one in found if one["count"] != "0"]
    assert days == [("2029-03-31", 1.15), ("2029-02-28", 1.15), ("2029-01-31", 1.15), ("2028-12-31", 1.15)]


async def test_what_comes_in_and_calls_are_used_too(tenant: ProvisionedAccount, simulator: Simulated) -> None:
    await write_to(simulator, "+12025550100", tenant.number, "x" * 161)
    call = {"kind": "call-status", "to_url": "http://127.0.0.1:9/", "account_sid": tenant.account_sid, "seconds": 61}
    await tell(simulator, "callbacks", call | {"direction": "inbound", "recipient": tenant.number})
    await tell(simulator, "callbacks", call | {"statuses": ["initiated", "busy"]})
    found = {one["category"]: one for one in await records(simulator, tenant.account_sid)}
    assert (found["sms-inbound"]["count"], found["sms-inbound"]["usage"]) == ("1", "2")
    assert Decimal(str(found["sms-inbound"]["price"])) == Decimal("0.0166")
    assert (found["calls-inbound"]["count"], found["calls-inbound"]["usage"]) == ("1", "2")
    assert Decimal(str(found["calls"]["price"])) == Decimal("0.017")
    assert found["calls-outbound"]["count"] == "0"


async def test_a_canceled_message_costs_nothing(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    simulator: Simulated,
) -> None:
    await gateway.messages.send(credentials, replace(message, recipient="+12025550180"))
    found = await records(simulator, tenant.account_sid, Category="sms")
    assert [one["count"] for one in found] == ["0"]
