"""Every magic number, sent to through the gateway, and what the portal is told of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import phonenumbers
import pytest

from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import (
    Accepted,
    OutgoingMessage,
    ProviderCredentials,
    Refused,
    SendOutcome,
    StatusReport,
    Throttled,
    Unknown,
)
from portal.messages.status import MessageStatus
from tests.twilio_gateway.conftest import SETTINGS, Simulated
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.magic import MAGIC, Callbacks, Reply

Status, Issue = MessageStatus, DeliveryIssueCode
# What comes of a message that is accepted: its last status and the reason.
ENDS = {
    "+12025550100": (Status.DELIVERED, None),
    "+12025550103": (Status.UNDELIVERED, Issue.UNREACHABLE),
    "+12025550104": (Status.UNDELIVERED, Issue.BLOCKED),
    "+12025550105": (Status.UNDELIVERED, Issue.UNKNOWN_HANDSET),
    "+12025550106": (Status.UNDELIVERED, Issue.LANDLINE),
    "+12025550107": (Status.UNDELIVERED, Issue.FILTERED),
    "+12025550108": (Status.FAILED, Issue.UNKNOWN),
    "+12025550134": (Status.UNDELIVERED, Issue.UNREGISTERED_SENDER),
    "+12025550190": (Status.DELIVERED, None),
    "+12025550191": (Status.DELIVERED, None),
    "+12025550192": (Status.DELIVERED, None),
    "+12025550193": (Status.DELIVERED, None),
    "+12025550170": (Status.DELIVERED, None),
    "+12025550171": (Status.DELIVERED, None),
    "+12025550172": (Status.DELIVERED, None),
    "+13105550199": (Status.DELIVERED, None),  # any other number
}
REFUSALS = {
    "+12025550110": Refused(Issue.OPTED_OUT, "21610"),
    "+12025550111": Refused(Issue.INVALID_NUMBER, "21211"),
    "+12025550114": Refused(Issue.LANDLINE, "21614"),
    "+12025550118": Refused(Issue.COUNTRY_NOT_ALLOWED, "21408"),
}
STUMBLES: dict[str, list[SendOutcome]] = {
    "+12025550129": [Throttled(timedelta(seconds=1)), Throttled(timedelta(seconds=1))],
    "+12025550150": [Unknown("Twilio answered 500, error 20500")],
    "+12025550161": [Unknown("no answer from Twilio: ServerDisconnectedError")],
}
CREATED_UNSEEN = {
    "+12025550120": "no answer from Twilio: TimeoutError",
    "+12025550151": "Twilio answered 500, error 20500",
    "+12025550160": "no answer from Twilio: ServerDisconnectedError",
}
SILENT = {"+12025550173", "+12025550180"}


def reports(gateway: TwilioGateway, receiver: Receiver) -> list[StatusReport]:
    read = [gateway.status_reports.read(received.fields) for received in receiver.received]
    return [report for report in read if report is not None]


def test_every_magic_number_is_tried_here() -> None:
    tried = [*ENDS, *REFUSALS, *STUMBLES, *CREATED_UNSEEN, *SILENT]
    assert set(tried) == {*MAGIC, "+13105550199"}
    assert len(tried) == len(set(tried))


@pytest.mark.parametrize("number", MAGIC)
def test_a_magic_number_is_a_valid_number_of_nobody(number: str) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert number[5:10] == "55501"


@pytest.mark.parametrize("number", ENDS)
async def test_an_accepted_message_ends_as_its_number_says(
    gateway: TwilioGateway,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
    number: str,
) -> None:
    status, issue = ENDS[number]
    accepted = await gateway.messages.send(credentials, replace(message, recipient=number))
    assert isinstance(accepted, Accepted)
    assert accepted.status is Status.SENDING
    await receiver.until(lambda seen: any(one.fields["MessageStatus"] == status.lower() for one in seen))
    last = next(report for report in reports(gateway, receiver) if report.status is status)
    assert (last.reference, last.issue) == (accepted.reference, issue)
    [found] = await gateway.messages.sent_to(credentials, number, since=datetime.now(UTC) - timedelta(minutes=1))
    assert (found.reference, found.status, found.issue) == (accepted.reference, status, issue)


@pytest.mark.parametrize("number", REFUSALS)
async def test_a_refused_message_is_never_made(
    gateway: TwilioGateway,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    simulator: Simulated,
    number: str,
) -> None:
    posts = simulator.door.count("POST", credentials.account_sid + "/Messages")
    assert await gateway.messages.send(credentials, replace(message, recipient=number)) == REFUSALS[number]
    assert simulator.door.count("POST", credentials.account_sid + "/Messages") == posts + 1
    assert await gateway.messages.sent_to(credentials, number, since=datetime.now(UTC) - timedelta(minutes=1)) == []


@pytest.mark.parametrize("number", STUMBLES)
async def test_a_message_that_is_turned_away_at_first_is_made_once(
    gateway: TwilioGateway,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    simulator: Simulated,
    number: str,
) -> None:
    since = datetime.now(UTC)
    sent = replace(message, recipient=number)
    for stumble in STUMBLES[number]:
        assert await gateway.messages.send(credentials, sent) == stumble
        assert await gateway.messages.sent_to(credentials, number, since=since) == []
    accepted = await gateway.messages.send(credentials, sent)
    assert isinstance(accepted, Accepted)
    [found] = await gateway.messages.sent_to(credentials, number, since=since)
    assert found.reference == accepted.reference
    posts = simulator.door.count("POST", credentials.account_sid + "/Messages")
    assert posts == len(STUMBLES[number]) + 1
    assert await gateway.messages.send(credentials, sent) == STUMBLES[number][0]  # it begins anew


@pytest.mark.parametrize("number", CREATED_UNSEEN)
async def test_a_message_whose_answer_is_lost_is_unknown_but_found_and_called_back_about(
    simulator: Simulated,
    credentials: ProviderCredentials,
    message: OutgoingMessage,
    receiver: Receiver,
    number: str,
) -> None:
    since = datetime.now(UTC)
    async with TwilioGateway.open(simulator.address, timedelta(seconds=1.5)) as gateway:
        outcome = await gateway.messages.send(credentials, replace(message, recipient=number))
        assert outcome == Unknown(CREATED_UNSEEN[number])
        [found] = await gateway.messages.sent_to(credentials, number, since=since)
        seen = await receiver.until(lambda seen: any(one.fields["MessageStatus"] == "delivered" for one in seen))
    assert {one.fields["MessageSid"] for one in seen} == {found.reference}
    assert {one.path for one in seen} == {"/callbacks/1?tenant=7"}
    assert simulator.door.count("POST", credentials.account_sid + "/Messages") == 1


async def test_a_message_without_callbacks_is_still_found_delivered(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    since = datetime.now(UTC)
    await gateway.messages.send(credentials, replace(message, recipient="+12025550173"))
    marker = replace(message, status_callback=f"{receiver.address}/marker")
    await gateway.messages.send(credentials, marker)  # sent later, so delivered later
    await receiver.until(lambda seen: any(one.fields["MessageStatus"] == "delivered" for one in seen))
    assert {one.path for one in receiver.received} == {"/marker"}
    [found] = await gateway.messages.sent_to(credentials, "+12025550173", since=since)
    assert found.status is Status.DELIVERED


async def test_a_message_that_stays_in_the_queue_is_found_there(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    since = datetime.now(UTC)
    await gateway.messages.send(credentials, replace(message, recipient="+12025550180"))
    assert (await receiver.until(bool))[0].fields["MessageStatus"] == "queued"
    [found] = await gateway.messages.sent_to(credentials, "+12025550180", since=since)
    assert (found.status, found.body) == (Status.SENDING, message.body)


async def test_late_callbacks_come_after_the_message_is_delivered(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    sent = replace(message, recipient="+12025550170")
    began = datetime.now(UTC)
    await gateway.messages.send(credentials, sent)
    await receiver.until(bool)
    assert datetime.now(UTC) - began >= SETTINGS.step_delay * SETTINGS.lateness
    [found] = await gateway.messages.sent_to(credentials, sent.recipient, since=began)
    assert found.status is Status.DELIVERED


async def test_repeated_callbacks_carry_the_same_token(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    await gateway.messages.send(credentials, replace(message, recipient="+12025550171"))
    seen = await receiver.until(lambda seen: len(seen) == 6)
    tokens = {(one.fields["MessageStatus"], one.headers["I-Twilio-Idempotency-Token"]) for one in seen}
    assert sorted(status for status, _ in tokens) == ["delivered", "queued", "sent"]
    assert len({token for _, token in tokens}) == 3


async def test_callbacks_come_in_the_wrong_order(
    gateway: TwilioGateway, credentials: ProviderCredentials, message: OutgoingMessage, receiver: Receiver
) -> None:
    await gateway.messages.send(credentials, replace(message, recipient="+12025550172"))
    seen = await receiver.until(lambda seen: len(seen) == 3)
    assert [one.fields["MessageStatus"] for one in seen] == ["delivered", "sent", "queued"]


def test_every_misbehaviour_has_a_number() -> None:
    assert {outcome.reply for outcome in MAGIC.values()} == set(Reply)
    assert {outcome.callbacks for outcome in MAGIC.values()} == set(Callbacks)


async def test_a_send_from_a_number_takes_that_number(
    gateway: TwilioGateway, credentials: ProviderCredentials, tenant: ProvisionedAccount, message: OutgoingMessage
) -> None:
    since = datetime.now(UTC)
    sent = replace(message, messaging_service=None, sender=tenant.number)
    assert isinstance(await gateway.messages.send(credentials, sent), Accepted)
    [found] = await gateway.messages.sent_to(credentials, message.recipient, since=since)
    assert (found.sender, found.messaging_service, found.body) == (tenant.number, None, message.body)
    assert found.recipient == message.recipient


async def test_nothing_listens_is_throttling_for_nothing_was_sent(
    credentials: ProviderCredentials, message: OutgoingMessage
) -> None:
    async with TwilioGateway.open("http://127.0.0.1:1", timedelta(seconds=2)) as gateway:
        assert await gateway.messages.send(credentials, message) == Throttled(None)


async def test_many_at_once_of_two_tenants_are_not_mixed(gateway: TwilioGateway, receiver: Receiver) -> None:
    since = datetime.now(UTC)
    accounts = gateway.accounts(SETTINGS.parent_sid, SETTINGS.parent_token)
    tenants = [await accounts.provision(f"tenant {uuid4()}") for _ in range(2)]
    keys = [ProviderCredentials(one.account_sid, one.key_sid, one.key_secret) for one in tenants]

    async def send(index: int) -> tuple[int, str, str]:
        tenant, text = tenants[index % 2], f"message {index}"
        message = OutgoingMessage("+13105550101", text, tenant.number, None, f"{receiver.address}/{index}")
        outcome = await gateway.messages.send(keys[index % 2], message)
        assert isinstance(outcome, Accepted)
        return index % 2, outcome.reference, text

    sent = await asyncio.gather(*[send(index) for index in range(100)])
    for index, key in enumerate(keys):
        found = await gateway.messages.sent_to(key, "+13105550101", since=since)
        expected = {(reference, text) for owner, reference, text in sent if owner == index}
        assert {(one.reference, one.body) for one in found} == expected
        assert len(found) == 50
    seen = await receiver.until(lambda seen: len(seen) == 200)
    references = {f"/{text.removeprefix('message ')}": reference for _, reference, text in sent}
    assert all(one.fields["MessageSid"] == references[one.path] for one in seen)
