"""Somebody writes to a tenant: the simulator calls the tenant's webhook and lists the message, as Twilio does."""

from typing import Any

import aiohttp
import pytest

from portal.messages.provider import OutgoingMessage, ProviderCredentials
from tests.twilio_gateway.conftest import SETTINGS, Simulated, write_to
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.signature import verify

FRIEND = "+12025550100"


async def _provisioned(gateway: TwilioGateway, name: str, inbound_url: str) -> ProvisionedAccount:
    return await gateway.accounts(SETTINGS.parent_sid, SETTINGS.parent_token).provision(name, inbound_url=inbound_url)


async def _listed(simulator: Simulated, tenant: ProvisionedAccount) -> list[Any]:
    path = f"/api/2010-04-01/Accounts/{tenant.account_sid}/Messages.json"
    _, body, _ = await simulator.call((tenant.account_sid, tenant.auth_token), "GET", path)
    return [(one["direction"], one["status"], one["from"], one["body"]) for one in body["messages"]]


async def test_a_message_to_a_tenants_number_is_called_back_signed_and_listed(
    simulator: Simulated, gateway: TwilioGateway, receiver: Receiver
) -> None:
    url = f"{receiver.address}/inbound?tenant=7"
    tenant = await _provisioned(gateway, "writes once", url)
    sid = await write_to(simulator, FRIEND, tenant.number, "Is it ready? 🚲")
    (seen,) = await receiver.until(lambda seen: len(seen) == 1)
    assert seen.path == "/inbound?tenant=7"
    assert verify(url, seen.fields, seen.headers["X-Twilio-Signature"], [tenant.auth_token])
    assert seen.headers["I-Twilio-Idempotency-Token"]
    assert seen.fields == {
        "AccountSid": tenant.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": "Is it ready? 🚲",
        "From": FRIEND,
        "MessageSid": sid,
        "MessagingServiceSid": tenant.messaging_service_sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": tenant.number,
    }
    assert await _listed(simulator, tenant) == [("inbound", "received", FRIEND, "Is it ready? 🚲")]


async def test_a_later_address_takes_the_place_of_the_one_from_a_broken_off_run(
    simulator: Simulated, gateway: TwilioGateway, receiver: Receiver
) -> None:
    await _provisioned(gateway, "twice", f"{receiver.address}/first")
    tenant = await _provisioned(gateway, "twice", f"{receiver.address}/second")
    await write_to(simulator, FRIEND, tenant.number, "Hello")
    (seen,) = await receiver.until(lambda seen: len(seen) == 1)
    assert seen.path == "/second"


async def test_without_an_address_it_is_listed_all_the_same(simulator: Simulated, tenant: ProvisionedAccount) -> None:
    await write_to(simulator, "72300", tenant.number, "Hello")
    assert await _listed(simulator, tenant) == [("inbound", "received", "72300", "Hello")]


@pytest.mark.parametrize(
    ("number", "answered"),
    [
        ("+12025550190", "STOP"),
        ("+12025550191", "HELP"),
        ("+12025550192", "START"),
        ("+12025550193", "Until when are you open?"),
    ],
)
async def test_a_number_that_answers_does_so_once(
    simulator: Simulated, gateway: TwilioGateway, receiver: Receiver, number: str, answered: str
) -> None:
    tenant = await _provisioned(gateway, f"asks {number}", f"{receiver.address}/inbound")
    key = ProviderCredentials(tenant.account_sid, tenant.key_sid, tenant.key_secret)
    status_url = f"{receiver.address}/status"
    message = OutgoingMessage(
        recipient=number,
        body="Hi",
        sender=None,
        messaging_service=tenant.messaging_service_sid,
        status_callback=status_url,
    )
    await gateway.messages.send(key, message)
    seen = await receiver.until(lambda seen: any(one.path == "/inbound" for one in seen))
    answers = [one.fields for one in seen if one.path == "/inbound"]
    assert [(one["From"], one["To"], one["Body"]) for one in answers] == [(number, tenant.number, answered)]
    await gateway.messages.send(key, message)
    await write_to(simulator, FRIEND, tenant.number, "the last one")
    await receiver.until(lambda seen: sum(one.fields.get("MessageStatus") == "delivered" for one in seen) == 2)
    await write_to(simulator, FRIEND, tenant.number, "the very last one")
    seen = await receiver.until(lambda seen: any(one.fields.get("Body") == "the very last one" for one in seen))
    bodies = [one.fields["Body"] for one in seen if one.path == "/inbound"]
    assert bodies == [answered, "the last one", "the very last one"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"from": "+12025550100", "to": "+12025550199", "body": ""}', 400),
        (b'{"from": "me", "to": "+12025550199", "body": "x"}', 400),
        (b'{"from": "+12025550100", "to": 7, "body": "x"}', 400),
        (b'{"from": "+12025550100", "to": "+12025550199", "body": "x"}', 404),
    ],
)
async def test_what_cannot_be_written_is_refused(simulator: Simulated, body: bytes, status: int) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{simulator.address}/simulator/inbound", data=body) as answer,
    ):
        assert answer.status == status
        assert (await answer.json())["message"]
