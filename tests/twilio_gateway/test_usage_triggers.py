"""The simulator's usage triggers call back when usage reaches them: signed, and once in a period."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.alerts.catalogue import UsageThreshold
from tests.turnable_clock import TurnableClock
from tests.twilio_gateway.conftest import SETTINGS, Simulated
from tests.twilio_gateway.door import Door
from tests.twilio_gateway.receiver import Receiver
from tests.twilio_gateway.test_usage import tell
from twilio_gateway.signature import verify
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running
from twilio_gateway.usage_triggers import TwilioTriggerReports

PARENT = (SETTINGS.parent_sid, SETTINGS.parent_token)
TRIGGERS = f"/api/2010-04-01/Accounts/{SETTINGS.parent_sid}/Usage/Triggers"


@pytest.fixture
def turned(tmp_path: Path) -> Iterator[tuple[Simulated, TurnableClock]]:
    """A simulator whose clock stands on the first noon of a month."""
    clock = TurnableClock(datetime(2028, 3, 1, 12, tzinfo=UTC))
    door = Door(create_simulator(replace(SETTINGS, state=tmp_path / "state"), clock))
    with running(door) as address:
        yield Simulated(address, door), clock


async def use(simulator: Simulated, day: str, count: int) -> None:
    line = {"account_sid": SETTINGS.parent_sid, "day": day, "category": "sms-outbound", "count": count}
    assert (await tell(simulator, "usage", [line | {"usage": count, "price": "0.0083"}]))[0] == 201


async def create(simulator: Simulated, receiver: Receiver, **fields: str) -> tuple[int, Any]:
    asked = {"CallbackUrl": f"{receiver.address}/triggers", "UsageCategory": "sms-outbound", "TriggerBy": "count"}
    status, body, _ = await simulator.call(PARENT, "POST", f"{TRIGGERS}.json", **asked | fields)
    return status, body


async def test_a_daily_trigger_fires_once_a_day_and_is_signed(
    turned: tuple[Simulated, TurnableClock], receiver: Receiver
) -> None:
    simulator, clock = turned
    _, trigger = await create(simulator, receiver, TriggerValue="5", Recurring="daily")
    await use(simulator, "2028-03-01", 4)
    await use(simulator, "2028-03-01", 1)
    await receiver.until(lambda seen: len(seen) == 1)
    await use(simulator, "2028-03-01", 9)
    clock.turn_to(datetime(2028, 3, 2, 12, tzinfo=UTC))
    await use(simulator, "2028-03-02", 5)
    seen = await receiver.until(lambda seen: len(seen) >= 2)
    assert [one.fields["CurrentValue"] for one in seen] == ["5", "5"]
    assert {one.fields["UsageTriggerSid"] for one in seen} == {trigger["sid"]}
    for one in seen:
        signature = one.headers["X-Twilio-Signature"]
        assert verify(f"{receiver.address}/triggers", one.fields, signature, [SETTINGS.parent_token])
        told = TwilioTriggerReports().read(one.fields)
        assert told is not None
        assert told.threshold is UsageThreshold.MESSAGES
    _, fired, _ = await simulator.call(PARENT, "GET", f"{TRIGGERS}/{trigger['sid']}.json")
    assert (fired["current_value"], fired["date_fired"]) == ("5", "Thu, 02 Mar 2028 12:00:00 +0000")


async def test_a_value_with_a_plus_counts_from_now_on(
    turned: tuple[Simulated, TurnableClock], receiver: Receiver
) -> None:
    simulator, _ = turned
    await use(simulator, "2028-03-01", 4)
    _, trigger = await create(simulator, receiver, TriggerValue="+30", Recurring="monthly")
    assert (trigger["trigger_value"], trigger["current_value"]) == ("34", "4")


async def test_a_deleted_trigger_is_gone(turned: tuple[Simulated, TurnableClock], receiver: Receiver) -> None:
    simulator, _ = turned
    _, trigger = await create(simulator, receiver, TriggerValue="5", Recurring="daily")
    status, _, _ = await simulator.call(PARENT, "DELETE", f"{TRIGGERS}/{trigger['sid']}.json")
    assert status == 204
    _, listed, _ = await simulator.call(PARENT, "GET", f"{TRIGGERS}.json")
    assert listed["usage_triggers"] == []
    assert (await simulator.call(PARENT, "GET", f"{TRIGGERS}/{trigger['sid']}.json"))[0] == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"TriggerValue": "many"},
        {"TriggerValue": "NaN"},
        {"TriggerValue": "-1"},
        {"TriggerValue": "1", "UsageCategory": "taxis"},
        {"TriggerValue": "1", "Recurring": "hourly"},
        {"TriggerValue": "1", "TriggerBy": "luck"},
        {"TriggerValue": "1", "CallbackUrl": "https://example.com/"},
    ],
)
async def test_a_trigger_that_makes_no_sense_is_refused(
    fields: dict[str, str], turned: tuple[Simulated, TurnableClock], receiver: Receiver
) -> None:
    simulator, _ = turned
    assert (await create(simulator, receiver, **fields))[0] == 400
    _, listed, _ = await simulator.call(PARENT, "GET", f"{TRIGGERS}.json")
    assert listed["usage_triggers"] == []
