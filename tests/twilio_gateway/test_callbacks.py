"""The simulator's callbacks: signed, complete, repeated as Twilio repeats, and never to another machine."""

import asyncio
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import Accepted, OutgoingMessage, ProviderCredentials, Refused
from tests.twilio_gateway.conftest import SETTINGS, Simulated
from tests.twilio_gateway.receiver import Received, Receiver, receiving
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.signature import verify
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.postman import is_loopback, is_retried
from twilio_gateway.simulator.server import running


def statuses(seen: list[Received]) -> list[str]:
    return [one.fields["MessageStatus"] for one in seen]


async def test_callbacks_are_signed_with_the_subaccounts_token(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
) -> None:
    await gateway.messages.send(credentials, message)
    seen = await receiver.until(lambda seen: len(seen) == 3)
    url = message.status_callback
    for one in seen:
        signature = one.headers["X-Twilio-Signature"]
        assert verify(url, one.fields, signature, [tenant.auth_token])
        assert not verify(url, one.fields, signature, [tenant.key_secret])
        assert not verify(url, one.fields | {"MessageStatus": "failed"}, signature, [tenant.auth_token])
        assert not verify(url + "1", one.fields, signature, [tenant.auth_token])


async def test_a_callback_has_twilios_fields(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
) -> None:
    outcome = await gateway.messages.send(credentials, replace(message, recipient="+12025550103"))
    seen = await receiver.until(lambda seen: len(seen) == 3)
    last = next(one for one in seen if one.fields["MessageStatus"] == "undelivered")
    done = last.fields.pop("RawDlrDoneDate")
    assert abs((datetime.strptime(done, "%y%m%d%H%M").replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()) < 120
    assert isinstance(outcome, Accepted)
    reference = outcome.reference
    assert last.fields == {
        "AccountSid": tenant.account_sid,
        "ApiVersion": "2010-04-01",
        "ErrorCode": "30003",
        "From": tenant.number,
        "MessageSid": reference,
        "MessageStatus": "undelivered",
        "MessagingServiceSid": tenant.messaging_service_sid,
        "SmsSid": reference,
        "SmsStatus": "undelivered",
        "To": "+12025550103",
    }
    assert last.method == "POST"
    assert last.headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_the_first_status_is_not_called_back(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
) -> None:
    await gateway.messages.send(credentials, message)  # accepted at first
    assert statuses(await receiver.until(lambda seen: len(seen) == 3)) == ["queued", "sent", "delivered"]
    receiver.received.clear()
    await gateway.messages.send(credentials, replace(message, messaging_service=None, sender=tenant.number))
    assert statuses(await receiver.until(lambda seen: len(seen) == 2)) == ["sent", "delivered"]


async def test_a_service_has_an_address_of_its_own_which_the_messages_overrides(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
    simulator: Simulated,
) -> None:
    own = (tenant.account_sid, tenant.auth_token)
    callback = f"{receiver.address}/service"
    fields = {"FriendlyName": "second", "StatusCallback": callback}
    _, service, _ = await simulator.call(own, "POST", "/messaging/v1/Services", **fields)
    root = f"/api/2010-04-01/Accounts/{tenant.account_sid}"
    _, number, _ = await simulator.call(own, "POST", f"{root}/IncomingPhoneNumbers.json", AreaCode="415")
    path = f"/messaging/v1/Services/{service['sid']}/PhoneNumbers"
    await simulator.call(own, "POST", path, PhoneNumberSid=number["sid"])
    sent = {"To": "+12025550100", "MessagingServiceSid": service["sid"], "Body": "x"}
    await simulator.call(own, "POST", f"{root}/Messages.json", **sent)
    seen = await receiver.until(lambda seen: len(seen) == 3)
    assert {one.path for one in seen} == {"/service"}
    receiver.received.clear()
    await gateway.messages.send(credentials, replace(message, messaging_service=service["sid"]))
    seen = await receiver.until(lambda seen: len(seen) == 3)
    assert {one.path for one in seen} == {"/callbacks/1?tenant=7"}


async def test_a_server_error_loses_the_callback_as_it_does_with_twilio(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    receiver.answer = lambda _: web.Response(status=500)
    await gateway.messages.send(credentials, message)
    await receiver.until(lambda seen: "delivered" in statuses(seen))
    await gateway.messages.send(credentials, replace(message, status_callback=f"{receiver.address}/later"))
    seen = await receiver.until(lambda seen: sum(one.path == "/later" for one in seen) == 3)
    assert sorted(statuses([one for one in seen if one.path != "/later"])) == ["delivered", "queued", "sent"]


async def test_the_fragment_of_the_address_asks_for_retries(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    def answer(_: Received) -> web.StreamResponse:
        return web.Response(status=503 if len(receiver.received) <= 3 else 204)

    receiver.answer = answer
    await gateway.messages.send(
        credentials, replace(message, recipient="+12025550108", status_callback=f"{receiver.address}/hook#rc=3&rp=5xx")
    )
    seen = await receiver.until(lambda seen: len(seen) == 5)  # queued and failed, and the first three again
    for status in ("queued", "failed"):
        tokens = {one.headers["I-Twilio-Idempotency-Token"] for one in seen if one.fields["MessageStatus"] == status}
        assert len(tokens) == 1
    assert {one.path for one in seen} == {"/hook"}


async def test_a_refused_connection_is_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    settings = replace(SETTINGS, state=tmp_path / "state", step_delay=timedelta(milliseconds=300))
    with running(create_simulator(settings)) as address, closing(sqlite3.connect(tmp_path / "state")) as state:
        async with TwilioGateway.open(address) as gateway:
            tenant = await gateway.accounts(settings.parent_sid, settings.parent_token).provision("tenant")
            key = ProviderCredentials(tenant.account_sid, tenant.key_sid, tenant.key_secret)
            hook = f"http://127.0.0.1:{port}/hook#rc=5"
            await gateway.messages.send(key, OutgoingMessage("+12025550108", "Hi", tenant.number, None, hook))
        async with asyncio.timeout(10):
            while state.execute("SELECT count(*) FROM event WHERE attempt > 0").fetchone() == (0,):  # noqa: ASYNC110  a file has no event
                await asyncio.sleep(0.01)
        async with receiving(port) as receiver:
            [seen] = await receiver.until(bool)
    assert (seen.path, seen.fields["MessageStatus"]) == ("/hook", "failed")


@pytest.mark.parametrize(
    ("fragment", "trouble", "attempts"),
    [
        ("", "ct", 1),
        ("", "rt", 0),
        ("", "5xx", 0),
        ("#rc=0", "ct", 0),
        ("#rc=3", "ct", 3),
        ("#rc=9", "ct", 5),
        ("#rc=x", "ct", 1),
        ("#rp=4xx,5xx&rc=2", "5xx", 2),
        ("#rp=4xx", "5xx", 0),
        ("#rp=all", "rt", 1),
    ],
)
def test_the_retry_policy_is_twilios(fragment: str, trouble: str, attempts: int) -> None:
    address = f"http://127.0.0.1/x{fragment}"
    assert [is_retried(address, attempt, trouble) for attempt in range(6)] == [
        attempt < attempts for attempt in range(6)
    ]


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/x",
        "http://10.0.0.1/x",
        "http://127.0.0.1.example.org/x",
        "http://127.0.0.1@example.org/x",
        "ftp://127.0.0.1/x",
        "http://[::ffff:10.0.0.1]/x",
        "http:///x",
        "/x",
        "http://[/x",
    ],
)
async def test_another_machine_is_never_called(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, address: str
) -> None:
    since = datetime.now(UTC)
    assert not is_loopback(address)
    sent = replace(message, status_callback=address)
    assert await gateway.messages.send(credentials, sent) == Refused(DeliveryIssueCode.UNKNOWN, "21609")
    assert await gateway.messages.sent_to(credentials, message.recipient, since=since) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "https://localhost/x", "http://[::1]:8000/x"])
def test_this_machine_may_be_called(address: str) -> None:
    assert is_loopback(address)
