"""What the gateway makes of Twilio's answers, lists and callbacks, also of those that the simulator never gives."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from portal.conversations.provider import InboundMessage
from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import (
    Accepted,
    OutgoingMessage,
    ProviderCredentials,
    ProviderUnavailableError,
    Refused,
    SendOutcome,
    StatusReport,
    Throttled,
    Unknown,
)
from portal.messages.status import MessageStatus
from tests.twilio_gateway.conftest import Simulated
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.errors import issue_of
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.messages import TwilioStatusReports

CREDENTIALS = ProviderCredentials("AC" + "1" * 32, "SK" + "1" * 32, "secret")
MESSAGE = OutgoingMessage("+12025550100", "Hello", None, "MG" + "1" * 32, "http://127.0.0.1:1/callback")
NEVER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def stubbed(receiver: Receiver) -> AsyncIterator[TwilioGateway]:
    async with TwilioGateway.open(receiver.address, timedelta(seconds=2)) as gateway:
        yield gateway


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, {"sid": "SM1", "status": "queued"}, Accepted("SM1", MessageStatus.SENDING)),
        (201, {"sid": "SM1", "status": "sent"}, Accepted("SM1", MessageStatus.SENT)),
        (201, {"sid": "SM1", "status": "new word"}, Accepted("SM1", MessageStatus.SENDING)),
        (400, {"code": 21610}, Refused(DeliveryIssueCode.OPTED_OUT, "21610")),
        (400, {"code": 99999}, Refused(DeliveryIssueCode.UNKNOWN, "99999")),
        (401, {"code": 20003}, Refused(DeliveryIssueCode.ACCOUNT_REFUSED, "20003")),
        (404, {}, Refused(DeliveryIssueCode.UNKNOWN)),
        (408, {}, Unknown("Twilio answered 408, error None")),
        (429, {"code": 20429}, Throttled(None)),
        (307, {}, Unknown("Twilio answered 307, error None")),
        (500, {}, Unknown("Twilio answered 500, error None")),
        (503, {"code": 21610}, Unknown("Twilio answered 503, error 21610")),
        (201, [], Unknown("unreadable answer: AttributeError")),
        (201, None, Unknown("unreadable answer: AttributeError")),
    ],
)
async def test_each_answer_has_its_outcome(
    stubbed: TwilioGateway, receiver: Receiver, status: int, body: Any, outcome: SendOutcome
) -> None:
    receiver.answer = lambda _: web.json_response(body, status=status)
    assert await stubbed.messages.send(CREDENTIALS, MESSAGE) == outcome
    assert len(receiver.received) == 1


async def test_an_answer_that_is_no_json_is_unknown(stubbed: TwilioGateway, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=201, text="<html>")
    assert await stubbed.messages.send(CREDENTIALS, MESSAGE) == Unknown("unreadable answer: JSONDecodeError")


async def test_an_answer_without_a_reference_is_unknown(stubbed: TwilioGateway, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.json_response({"status": "queued"}, status=201)
    assert await stubbed.messages.send(CREDENTIALS, MESSAGE) == Unknown("an answer without a reference")


async def test_exactly_what_was_asked_for_is_sent(stubbed: TwilioGateway, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.json_response({"sid": "SM1", "status": "queued"}, status=201)
    await stubbed.messages.send(CREDENTIALS, MESSAGE)
    [seen] = receiver.received
    assert seen.fields == {
        "To": "+12025550100",
        "Body": "Hello",
        "MessagingServiceSid": "MG" + "1" * 32,
        "StatusCallback": "http://127.0.0.1:1/callback",
    }


async def test_the_log_is_read_to_its_end(
    gateway: TwilioGateway,
    tenant: ProvisionedAccount,
    credentials: ProviderCredentials,
    simulator: Simulated,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("twilio_gateway.messages._PAGE", 2)
    path = f"/api/2010-04-01/Accounts/{tenant.account_sid}/Messages.json"
    own = (tenant.key_sid, tenant.key_secret)
    made = []
    for number in ("+13105550101", "+13105550102", *["+13105550101"] * 4):
        _, body, _ = await simulator.call(own, "POST", path, To=number, From=tenant.number, Body="x")
        made.append((number, body["sid"]))
    found = await gateway.messages.sent_to(credentials, "+13105550101", since=NEVER)
    expected = [sid for number, sid in made if number == "+13105550101"]
    assert [one.reference for one in found] == expected[::-1]
    assert simulator.door.count("GET", tenant.account_sid + "/Messages") == 3


def listed(created: datetime, direction: str = "outbound-api") -> dict[str, Any]:
    stamp = created.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return {"sid": stamp, "to": "+1", "status": "sent", "direction": direction, "date_created": stamp}


async def test_only_outbound_messages_since_then_are_found_and_older_pages_are_left(
    stubbed: TwilioGateway, receiver: Receiver
) -> None:
    since = datetime(2026, 11, 20, 12, 0, 0, 700_000, tzinfo=UTC)
    same_second = since.replace(microsecond=0)
    older = since - timedelta(seconds=2)
    pages = {
        "0": [listed(since + timedelta(seconds=5)), listed(same_second, "inbound"), listed(same_second), listed(older)],
        "1": [listed(older)],
        "2": [listed(since)],
    }

    def answer(request: Any) -> web.StreamResponse:
        page = request.path[-1] if "Page=" in request.path else "0"
        following = f"/2010-04-01/Accounts/{CREDENTIALS.account_sid}/Messages.json?Page={int(page) + 1}"
        return web.json_response({"messages": pages[page], "next_page_uri": following})

    receiver.answer = answer
    found = await stubbed.messages.sent_to(CREDENTIALS, "+1", since=since)
    assert [one.created_at for one in found] == [since.replace(microsecond=0) + timedelta(seconds=5), same_second]
    assert found[0].body == ""
    assert len(receiver.received) == 2


async def test_the_log_tells_what_a_number_received(stubbed: TwilioGateway, receiver: Receiver) -> None:
    since = datetime(2026, 11, 20, 12, tzinfo=UTC)
    heard = {"body": "Stop", "from": "+12025550143", "to": "+12025550100", "num_media": "1", "num_segments": "2"}
    records = [
        listed(since, "inbound") | heard,
        listed(since, "inbound") | heard | {"from": "whatsapp:+12025550143"},
        listed(since),
        listed(since - timedelta(seconds=1), "inbound") | heard,
    ]
    receiver.answer = lambda _: web.json_response({"messages": records, "next_page_uri": None})
    [found] = await stubbed.inbound_log.received_by(CREDENTIALS, "+12025550100", since=since)
    assert found == InboundMessage(records[0]["sid"], "+12025550143", "+12025550100", "Stop", 1, 2, None, since)
    assert "To=%2B12025550100" in receiver.received[0].path


async def test_a_message_is_fetched_by_its_reference_and_one_that_is_not_there_is_none(
    gateway: TwilioGateway, credentials: ProviderCredentials, tenant: ProvisionedAccount
) -> None:
    outgoing = OutgoingMessage("+12025550180", "Hello", tenant.number, None, "http://127.0.0.1:9/")
    made = await gateway.messages.send(credentials, outgoing)
    assert isinstance(made, Accepted)
    found = await gateway.messages.fetch(credentials, made.reference)
    assert found is not None
    assert (found.reference, found.status, found.body) == (made.reference, MessageStatus.SENDING, "Hello")
    assert await gateway.messages.fetch(credentials, "SM" + "0" * 32) is None


@pytest.mark.parametrize("status", [401, 429, 500, 302])
async def test_a_question_that_gets_no_answer_is_said_without_what_was_asked(
    stubbed: TwilioGateway, receiver: Receiver, status: int
) -> None:
    receiver.answer = lambda _: web.json_response({"code": 1}, status=status)
    for question in (
        stubbed.messages.fetch(CREDENTIALS, "SM1"),
        stubbed.messages.sent_between(CREDENTIALS, NEVER, NEVER),
        stubbed.inbound_log.received_by(CREDENTIALS, "+12025550100", since=NEVER),
    ):
        with pytest.raises(ProviderUnavailableError) as raised:
            await question
        assert "2025550100" not in str(raised.value)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 200, 302])
async def test_a_log_that_cannot_be_read_is_unavailable(
    stubbed: TwilioGateway, receiver: Receiver, status: int
) -> None:
    receiver.answer = lambda _: web.json_response({"code": 1, "a": [], "b": []}, status=status)
    with pytest.raises(ProviderUnavailableError) as raised:
        await stubbed.messages.sent_to(CREDENTIALS, "+12025550100", since=NEVER)
    assert raised.value.__cause__ is None
    assert "2025550100" not in str(raised.value)


async def test_a_log_that_does_not_answer_is_unavailable() -> None:
    async with TwilioGateway.open("http://127.0.0.1:1", timedelta(seconds=2)) as gateway:
        with pytest.raises(ProviderUnavailableError):
            await gateway.messages.sent_to(CREDENTIALS, "+12025550100", since=NEVER)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("scheduled", MessageStatus.SCHEDULED),
        ("accepted", MessageStatus.SENDING),
        ("queued", MessageStatus.SENDING),
        ("sending", MessageStatus.SENDING),
        ("sent", MessageStatus.SENT),
        ("delivered", MessageStatus.DELIVERED),
        ("undelivered", MessageStatus.UNDELIVERED),
        ("failed", MessageStatus.FAILED),
        ("canceled", MessageStatus.CANCELED),
        ("read", MessageStatus.READ),
    ],
)
def test_each_word_of_twilios_has_its_status(word: str, status: MessageStatus) -> None:
    report = TwilioStatusReports().read({"MessageSid": "SM1", "MessageStatus": word})
    assert report is not None
    assert report.status is status


def test_a_callback_is_read_with_its_reason_and_time() -> None:
    fields = {
        "MessageSid": "SM1",
        "MessageStatus": "undelivered",
        "ErrorCode": "30003",
        "RawDlrDoneDate": "2611201435",
        "SomethingNew": "1",
    }
    at = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
    expected = StatusReport("SM1", MessageStatus.UNDELIVERED, DeliveryIssueCode.UNREACHABLE, at, "30003")
    assert TwilioStatusReports().read(fields) == expected


def test_the_old_field_names_are_understood() -> None:
    report = TwilioStatusReports().read({"SmsSid": "SM1", "SmsStatus": "sent"})
    assert report == StatusReport("SM1", MessageStatus.SENT, None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageSid": "SM1"},
        {"MessageSid": "SM1", "MessageStatus": "received"},
        {"MessageSid": "SM1", "MessageStatus": "new word"},
        {"MessageStatus": "sent"},
        {"MessageSid": "", "MessageStatus": "sent"},
    ],
)
def test_what_is_no_status_is_no_report(fields: dict[str, str]) -> None:
    assert TwilioStatusReports().read(fields) is None


@given(st.dictionaries(st.sampled_from(["MessageSid", "MessageStatus", "ErrorCode", "RawDlrDoneDate"]), st.text()))
def test_no_callback_breaks_the_reader(fields: dict[str, str]) -> None:
    TwilioStatusReports().read(fields)
    TwilioStatusReports().read(fields | {"MessageSid": "SM1", "MessageStatus": "failed"})


def test_a_reason_is_given_only_for_a_bad_end() -> None:
    report = TwilioStatusReports().read({"MessageSid": "SM1", "MessageStatus": "delivered", "ErrorCode": "30003"})
    assert report is not None
    assert (report.issue, report.error) == (None, None)


def test_unknown_errors_are_unknown() -> None:
    assert issue_of(12345) is DeliveryIssueCode.UNKNOWN
    assert issue_of(None) is DeliveryIssueCode.UNKNOWN
