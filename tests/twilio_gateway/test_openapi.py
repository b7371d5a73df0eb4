"""The simulator's every answer, held to Twilio's published OpenAPI files."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.twilio_gateway import openapi
from tests.twilio_gateway.conftest import SETTINGS, Simulated, write_to
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.simulator.app import OPERATIONS
from twilio_gateway.simulator.operations import Operation

pytestmark = pytest.mark.skipif(
    not openapi.FOLDER.is_dir(),
    reason=f"Twilio's OpenAPI files are not in {openapi.FOLDER}; TWILIO_OPENAPI_DIR names another folder",
)
PARENT = (SETTINGS.parent_sid, SETTINGS.parent_token)
ACCOUNTS = "/2010-04-01/Accounts"
ACCOUNT = f"{ACCOUNTS}/{{AccountSid}}"


def by_name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_an_operation_takes_only_parameters_that_twilio_names(operation: Operation) -> None:
    assert operation.parameters <= openapi.parameters(operation.host, operation.method, operation.path)


class Walk:
    """Calls operations by their name in the files, and checks every answer."""

    def __init__(self, simulator: Simulated) -> None:
        self.simulator = simulator
        self.credentials = PARENT
        self.path: dict[str, str] = {}
        self.called: set[tuple[str, str]] = set()

    async def call(self, method: str, path: str, host: str = "api", **fields: str) -> Any:
        """One call; the body of its answer."""
        address = f"/{host}{path.format(**self.path)}"
        status, body, _ = await self.simulator.call(self.credentials, method, address, **fields)
        openapi.check(host, method, path, status, body)
        self.called.add((method, path))
        return body

    async def until_final(self, sid: str) -> None:
        """Wait for the end of a message, checking it in every status on the way."""
        self.path["Sid"] = sid
        async with asyncio.timeout(10):
            status = ""
            while status not in {"delivered", "undelivered", "failed"}:
                status = (await self.call("GET", f"{ACCOUNT}/Messages/{{Sid}}.json"))["status"]


async def test_every_answer_is_as_described(simulator: Simulated, receiver: Receiver) -> None:
    walk = Walk(simulator)
    await _accounts(walk)
    await _numbers_and_services(walk, receiver)
    await _messages(walk, receiver)
    await _calls(walk, receiver)
    await _triggers(walk, receiver)
    await _prices(walk)
    await _lookups(walk)
    await _contents(walk)
    for operation in OPERATIONS:
        if "Usage/Records" in operation.path:
            assert (await walk.call("GET", operation.path))["usage_records"]
    walk.credentials = PARENT
    walk.path["Sid"] = walk.path["AccountSid"]
    await walk.call("POST", f"{ACCOUNTS}/{{Sid}}.json", Status="closed")
    assert walk.called == {(operation.method, operation.path) for operation in OPERATIONS}


async def _accounts(walk: Walk) -> None:
    account = await walk.call("POST", f"{ACCOUNTS}.json", FriendlyName="As described")
    walk.path = {"AccountSid": account["sid"], "Sid": account["sid"], "CountryCode": "US"}
    await walk.call("GET", f"{ACCOUNTS}.json", PageSize="1")
    await walk.call("GET", f"{ACCOUNTS}/{{Sid}}.json")
    await walk.call("POST", f"{ACCOUNTS}/{{Sid}}.json", FriendlyName="Renamed")
    walk.credentials = (account["sid"], account["auth_token"])
    await walk.call("POST", f"{ACCOUNT}/Keys.json", FriendlyName="First")
    await walk.call("GET", f"{ACCOUNT}/Keys.json")


async def _numbers_and_services(walk: Walk, receiver: Receiver) -> None:
    offered = await walk.call("GET", f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}/Local.json", SmsEnabled="true")
    wanted = offered["available_phone_numbers"][0]["phone_number"]
    number = await walk.call("POST", f"{ACCOUNT}/IncomingPhoneNumbers.json", PhoneNumber=wanted)
    await walk.call("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json")
    service = await walk.call(
        "POST", "/v1/Services", host="messaging", FriendlyName="Bikes", StatusCallback=receiver.address
    )
    walk.path |= {"ServiceSid": service["sid"], "Sid": service["sid"]}
    await walk.call("GET", "/v1/Services", host="messaging")
    await walk.call("GET", "/v1/Services/{Sid}", host="messaging")
    await walk.call("POST", "/v1/Services/{Sid}", host="messaging", InboundRequestUrl=receiver.address)
    numbers = "/v1/Services/{ServiceSid}/PhoneNumbers"
    await walk.call("POST", numbers, host="messaging", PhoneNumberSid=number["sid"])
    await walk.call("GET", numbers, host="messaging")


async def _triggers(walk: Walk, receiver: Receiver) -> None:
    triggers, one = f"{ACCOUNT}/Usage/Triggers.json", f"{ACCOUNT}/Usage/Triggers/{{Sid}}.json"
    fields = {"CallbackUrl": receiver.address, "TriggerValue": "+1000", "UsageCategory": "sms-outbound"}
    walk.path["Sid"] = (await walk.call("POST", triggers, **fields, Recurring="monthly", TriggerBy="count"))["sid"]
    assert len((await walk.call("GET", triggers))["usage_triggers"]) == 1
    await walk.call("GET", one)
    assert (await walk.call("POST", one, FriendlyName="Renamed"))["friendly_name"] == "Renamed"
    await walk.call("DELETE", one)


async def _prices(walk: Walk) -> None:
    for path in ("/v1/Messaging/Countries", "/v1/PhoneNumbers/Countries", "/v2/Voice/Countries"):
        assert (await walk.call("GET", path, host="pricing", PageSize="2"))["meta"]["next_page_url"]
        walk.path["IsoCountry"] = "US"
        assert (await walk.call("GET", f"{path}/{{IsoCountry}}", host="pricing"))["price_unit"] == "USD"


async def _lookups(walk: Walk) -> None:
    for number, valid in (("+12025550106", True), ("+12025550111", False), ("+1202", False)):
        walk.path["PhoneNumber"] = number
        told = await walk.call("GET", "/v2/PhoneNumbers/{PhoneNumber}", "lookups", Fields="line_type_intelligence")
        assert told["valid"] is valid


async def _messages(walk: Walk, receiver: Receiver) -> None:
    messages, message = f"{ACCOUNT}/Messages.json", f"{ACCOUNT}/Messages/{{Sid}}.json"
    service = walk.path["ServiceSid"]
    for recipient in ("+12025550100", "+12025550103", "+12025550108"):
        fields = {"To": recipient, "MessagingServiceSid": service, "Body": "Hi", "StatusCallback": receiver.address}
        sent = await walk.call("POST", messages, **fields)
        await walk.until_final(sent["sid"])
    media = {"To": "+12025550100", "MessagingServiceSid": service, "MediaUrl": "https://example.com/bike.png"}
    sent = await walk.call("POST", messages, **media)
    assert (sent["num_media"], sent["body"]) == ("1", "")
    await walk.until_final(sent["sid"])
    assert (await walk.call("GET", message))["price"] == "-0.02200"
    assert (await walk.call("GET", messages, PageSize="2"))["next_page_uri"] is not None
    await walk.call("POST", message, Body="")
    await walk.call("DELETE", message)
    own = (await walk.call("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json"))["incoming_phone_numbers"][0]["phone_number"]
    walk.path["Sid"] = await write_to(walk.simulator, "+12025550100", own, "Hello")
    assert (await walk.call("GET", message))["direction"] == "inbound"
    canceled = await walk.call("POST", messages, To="+12025550180", MessagingServiceSid=service, Body="Hi")
    walk.path["Sid"] = canceled["sid"]
    assert (await walk.call("POST", message, Status="canceled"))["status"] == "canceled"


async def _contents(walk: Walk) -> None:
    types = {"twilio/text": {"body": "Hello {{1}}"}}
    told = {"friendly_name": "Greeting", "language": "en", "variables": {"1": "Alice"}, "types": types}
    status, content = await walk.simulator.post_json(walk.credentials, "/content/v1/Content", told)
    openapi.check("content", "POST", "/v1/Content", status, content)
    walk.called.add(("POST", "/v1/Content"))
    walk.path["Sid"] = content["sid"]
    assert (await walk.call("GET", "/v1/Content", host="content"))["contents"] == [content]
    assert (await walk.call("GET", "/v1/Content/{Sid}", host="content")) == content
    await walk.call("DELETE", "/v1/Content/{Sid}", host="content")
    assert (await walk.call("GET", "/v1/Content", host="content"))["contents"] == []


async def _calls(walk: Walk, receiver: Receiver) -> None:
    calls, call = f"{ACCOUNT}/Calls.json", f"{ACCOUNT}/Calls/{{Sid}}.json"
    own = (await walk.call("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json"))["incoming_phone_numbers"][0]
    walk.path["Sid"] = own["sid"]
    changed = await walk.call("POST", f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}.json", VoiceUrl=receiver.address)
    assert changed["voice_url"] == receiver.address
    fields = {"To": "+12025550100", "From": own["phone_number"], "Twiml": "<Response><Say>Hello</Say></Response>"}
    made = await walk.call("POST", calls, **fields, StatusCallback=receiver.address, TimeLimit="60")
    walk.path["Sid"] = made["sid"]
    async with asyncio.timeout(10):
        while (await walk.call("GET", call))["status"] != "completed":
            pass
    assert [one["sid"] for one in (await walk.call("GET", calls, To="+12025550100"))["calls"]] == [made["sid"]]
    await walk.call("DELETE", call)


def broken_bodies() -> Iterator[tuple[str, Any]]:
    yield "missing", {"sid": "SK" + "1" * 32}
    good = {
        "sid": "SK" + "1" * 32,
        "friendly_name": "x",
        "date_created": "Fri, 20 Nov 2026 12:00:00 +0000",
        "date_updated": "Fri, 20 Nov 2026 12:00:00 +0000",
        "secret": "x",
    }
    yield "wrong pattern", good | {"sid": "AC" + "1" * 32}
    yield "wrong date", good | {"date_created": "2026-11-20T12:00:00Z"}
    yield "wrong type", good | {"friendly_name": 1}
    yield "not described", good | {"policy": None}


@pytest.mark.parametrize("body", [body for _, body in broken_bodies()], ids=[name for name, _ in broken_bodies()])
def test_the_check_itself_finds_faults(body: Any) -> None:
    with pytest.raises(openapi.ValidationError):
        openapi.check("api", "POST", f"{ACCOUNT}/Keys.json", 201, body)
