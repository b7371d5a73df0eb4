"""Usage records agree with what was sent."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.messages.provider import OutgoingMessage, ProviderCredentials
from tests.turnable_clock import TurnableClock
from tests.twilio_gateway.conftest import SETTINGS, Simulated
from tests.twilio_gateway.door import Door
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running

PARENT = (SETTINGS.parent_sid, SETTINGS.parent_token)
CATEGORIES = ["sms", "sms-outbound", "sms-outbound-longcode", "phonenumbers", "phonenumbers-local", "totalprice"]


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
        assert Decimal(str(by_name["totalprice"]["price"])) == Decimal("1.1749")
        assert by_name["totalprice"]["usage"] == "1.174900"
    [total] = await records(simulator, tenant.account_sid, "/Today", Category="totalprice")
    assert total["category"] == "totalprice"
    assert await records(simulator, tenant.account_sid, "/Today", Category="calls") == []
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
