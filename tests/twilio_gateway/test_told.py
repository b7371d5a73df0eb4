"""Callbacks that are told to the simulator: posted at once, shaped and signed as Twilio documents them."""

import json
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from tests.twilio_gateway.conftest import SETTINGS, Simulated
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.signature import verify, verify_body

COMMON = {"ApiVersion": "2010-04-01", "CallbackSource": "call-progress-events", "Direction": "outbound-api"}


async def _tell(simulator: Simulated, told: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{simulator.address}/simulator/callbacks", json=told) as answer,
    ):
        return answer.status, await answer.json()


async def _called_back(
    simulator: Simulated, receiver: Receiver, tenant: ProvisionedAccount, kind: str, **told: Any
) -> list[dict[str, str]]:
    """The forms that came, each of them signed with the tenant's token."""
    url = f"{receiver.address}/{kind}"
    told |= {"kind": kind, "to_url": f"{url}#rc=2", "account_sid": tenant.account_sid}
    status, answer = await _tell(simulator, told)
    assert (status, answer) == (200, {"answers": [204] * len(receiver.received)})
    for seen in receiver.received:
        assert seen.headers["I-Twilio-Idempotency-Token"]
        assert verify(url, seen.fields, seen.headers["X-Twilio-Signature"], [tenant.auth_token])
        assert not verify(url, seen.fields | {"More": ""}, seen.headers["X-Twilio-Signature"], [tenant.auth_token])
    return [seen.fields for seen in receiver.received]


async def test_a_call_is_called_back_at_each_status_in_order_with_its_length_at_the_end(
    simulator: Simulated, tenant: ProvisionedAccount, receiver: Receiver
) -> None:
    ends = {"sender": "+12025550143", "recipient": "+447400123456"}
    forms = await _called_back(simulator, receiver, tenant, "call-status", call_sid="CA1", seconds=61, **ends)
    times = [parsedate_to_datetime(form.pop("Timestamp")) for form in forms]
    assert [time - times[0] for time in times] == [timedelta(seconds=seconds) for seconds in (0, 1, 2, 63)]
    statuses = ["initiated", "ringing", "in-progress", "completed"]
    last = {"CallDuration": "61", "Duration": "2", "SipResponseCode": "200"}
    assert forms == [
        COMMON
        | {"AccountSid": tenant.account_sid, "CallSid": "CA1", "CallStatus": status, "SequenceNumber": str(number)}
        | {"Called": "+447400123456", "Caller": "+12025550143", "From": "+12025550143", "To": "+447400123456"}
        | (last if status == "completed" else {})
        for number, status in enumerate(statuses)
    ]


async def test_a_call_goes_as_it_is_told(simulator: Simulated, tenant: ProvisionedAccount, receiver: Receiver) -> None:
    forms = await _called_back(simulator, receiver, tenant, "call-status", statuses=["ringing", "busy"])
    assert [form["CallStatus"] for form in forms] == ["ringing", "busy"]
    assert "CallDuration" not in forms[1]
    assert forms[0]["CallSid"] == forms[1]["CallSid"]


async def test_the_debugger_tells_of_an_error_with_the_request_that_failed(
    simulator: Simulated, tenant: ProvisionedAccount, receiver: Receiver
) -> None:
    message = "SM" + "1" * 32
    (form,) = await _called_back(simulator, receiver, tenant, "debugger", error_code=30007, message_sid=message)
    payload = json.loads(form.pop("Payload"))
    assert (form.pop("Sid")[:2], form.pop("Timestamp")[-1]) == ("NO", "Z")
    assert form == {
        "AccountSid": tenant.account_sid,
        "ParentAccountSid": SETTINGS.parent_sid,
        "Level": "ERROR",
        "PayloadType": "application/json",
    }
    assert payload.keys() == {"resource_sid", "service_sid", "error_code", "more_info", "webhook"}
    assert (payload["resource_sid"], payload["error_code"]) == (message, "30007")
    assert payload["webhook"]["request"]["parameters"]["MessageSid"] == message


async def test_a_usage_trigger_tells_what_was_reached(
    simulator: Simulated, tenant: ProvisionedAccount, receiver: Receiver
) -> None:
    told = {"trigger_sid": "UT1", "idempotency_token": "once", "category": "sms", "trigger_by": "count"}
    (form,) = await _called_back(simulator, receiver, tenant, "usage-trigger", **told)
    assert parsedate_to_datetime(form.pop("DateFired")).utcoffset() == timedelta(0)
    assert form == {
        "AccountSid": tenant.account_sid,
        "CurrentValue": "100.5",
        "IdempotencyToken": "once",
        "Recurring": "monthly",
        "TriggerBy": "count",
        "TriggerValue": "100",
        "UsageCategory": "sms",
        "UsageRecordUri": f"/2010-04-01/Accounts/{tenant.account_sid}/Usage/Records.json?Category=sms",
        "UsageTriggerSid": "UT1",
    }


async def test_a_profile_s_new_status_is_called_back(
    simulator: Simulated, tenant: ProvisionedAccount, receiver: Receiver
) -> None:
    told = {"bundle_sid": "BU1", "status": "twilio-rejected", "failure_reason": "No such business"}
    assert await _called_back(simulator, receiver, tenant, "trust-hub", **told) == [
        {
            "AccountSid": tenant.account_sid,
            "BundleSid": "BU1",
            "Status": "twilio-rejected",
            "FailureReason": "No such business",
        }
    ]


async def test_event_streams_come_as_an_array_signed_by_its_hash(
    simulator: Simulated, tenant: ProvisionedAccount, receiver: Receiver
) -> None:
    told = {"kind": "event-stream", "to_url": f"{receiver.address}/events?tenant=7", "event_ids": ["EZ1", "EZ2"]}
    assert await _tell(simulator, told | {"account_sid": tenant.account_sid}) == (200, {"answers": [204]})
    (seen,) = receiver.received
    url, signature = receiver.address + seen.path, seen.headers["X-Twilio-Signature"]
    assert seen.path.startswith("/events?tenant=7&bodySHA256=")
    assert seen.headers["Content-Type"] == "application/json"
    assert verify_body(url, seen.body.encode(), signature, [tenant.auth_token])
    assert not verify_body(url, seen.body.encode() + b" ", signature, [tenant.auth_token])
    events = json.loads(seen.body)
    assert [event["id"] for event in events] == ["EZ1", "EZ2"]
    for event in events:
        # CloudEvents 1.0 asks for the first four.
        assert event.keys() == {
            *("specversion", "id", "source", "type"),
            *("dataschema", "datacontenttype", "time", "data"),
        }
        assert (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
        assert (event["data"]["accountsid"], event["data"]["brandstatus"]) == (
            tenant.account_sid,
            "registration_failed",
        )


async def test_where_nobody_listens_it_says_so(
    simulator: Simulated, tenant: ProvisionedAccount, unused_tcp_port: int
) -> None:
    told = {"kind": "trust-hub", "to_url": f"http://127.0.0.1:{unused_tcp_port}/", "account_sid": tenant.account_sid}
    assert await _tell(simulator, told) == (200, {"answers": ["ct"]})


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"kind": "fax"}, 400, "'call-status', 'debugger'"),
        ({"eror_code": 1}, 400, "eror_code"),
        ({"error_code": 0}, 400, "error_code"),
        ({"to_url": "https://example.com/"}, 400, "to_url"),
        ({"to_url": None}, 400, "to_url"),
        ({"account_sid": "AC1"}, 404, "account_sid"),
        ({"account_sid": []}, 404, "account_sid"),
        ({"kind": "call-status", "statuses": []}, 400, "statuses"),
        ({"kind": "call-status", "seconds": 10**12}, 400, "seconds"),
    ],
)
async def test_what_cannot_be_called_back_is_refused_and_nothing_is_posted(
    simulator: Simulated,
    tenant: ProvisionedAccount,
    receiver: Receiver,
    change: dict[str, Any],
    status: int,
    message: str,
) -> None:
    told = {"kind": "debugger", "to_url": receiver.address, "account_sid": tenant.account_sid}
    answered, body = await _tell(simulator, told | change)
    assert answered == status
    assert message in body["message"]
    assert receiver.received == []


@pytest.mark.parametrize("told", [None, 7, [], {}, {"kind": "debugger", "account_sid": "AC1"}])
async def test_what_is_no_callback_is_refused(simulator: Simulated, told: Any) -> None:
    status, body = await _tell(simulator, told)
    assert (status, body["message"]) == (400, "It takes a JSON object with kind, to_url and account_sid.")
