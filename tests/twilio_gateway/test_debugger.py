"""Reading the debugger's and the usage triggers' callbacks: whatever comes, and nothing of what they hold."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.alerts.catalogue import AlertGroup, AlertKind, ProviderFault, UsageThreshold
from portal.alerts.provider import ProviderProblem
from portal.messages.issues import DeliveryIssueCode
from portal.plans.periods import AllowancePeriod
from portal.plans.provider import TriggerReport, Watch
from portal.pricing.terms import UsageUnit
from twilio_gateway.debugger import TwilioDebugger
from twilio_gateway.usage_triggers import TwilioTriggerReports

SID, MESSAGE = "NO" + "a" * 32, "SM" + "b" * 32
AT = datetime(2026, 11, 20, 14, 29, tzinfo=UTC)
FORM = {"Sid": SID, "Level": "ERROR", "Timestamp": "2026-11-20T14:29:00Z"}
TRIGGER = {"UsageTriggerSid": "UT" + "1" * 32, "DateFired": "Fri, 20 Nov 2026 14:29:00 +0000"}


def _form(**payload: object) -> dict[str, str]:
    return FORM | {"Payload": json.dumps(payload)}


def test_an_error_about_a_message_is_read_with_its_subject_and_reason() -> None:
    assert TwilioDebugger().read(_form(error_code="30007", resource_sid=MESSAGE)) == ProviderProblem(
        event=SID,
        group=AlertGroup(AlertKind.DELIVERABILITY, DeliveryIssueCode.FILTERED),
        error="30007",
        issue=DeliveryIssueCode.FILTERED,
        subject=MESSAGE,
        at=AT,
    )


def test_an_error_about_nothing_in_particular_is_read_without_them() -> None:
    for payload in ({"error_code": 11200}, {"error_code": "11200", "resource_sid": None}):
        assert TwilioDebugger().read(_form(**payload)) == ProviderProblem(
            event=SID,
            group=AlertGroup(AlertKind.PROVIDER_ERROR, ProviderFault.REPORTS_LOST),
            error="11200",
            issue=None,
            subject=None,
            at=AT,
        )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        FORM,
        FORM | {"Payload": "{"},
        FORM | {"Payload": "[]"},
        _form(),
        _form(error_code="+12025550100"),
        _form(error_code="1" * 5_000),
        _form(error_code={"error_code": "11200"}),
        _form(error_code="11200") | {"Sid": "Your code is 493817"},
    ],
)
def test_what_is_no_error_is_no_problem(fields: dict[str, str]) -> None:
    assert TwilioDebugger().read(fields) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(["error_code", "resource_sid", "more_info", "webhook"]), json_values),
    st.dictionaries(st.sampled_from(["Sid", "Level", "Timestamp", "Payload"]), st.text()),
)
def test_no_event_breaks_the_reader(payload: dict[str, object], fields: dict[str, str]) -> None:
    TwilioDebugger().read(fields)
    TwilioDebugger().read(_form(**payload) | fields)
    TwilioDebugger().read(_form(**payload | {"error_code": "11200"}))


@pytest.mark.parametrize(
    ("category", "threshold"),
    [
        ("sms", UsageThreshold.MESSAGES),
        ("mms-outbound", UsageThreshold.MESSAGES),
        ("calls-inbound", UsageThreshold.CALLS),
        ("totalprice", UsageThreshold.USAGE),
        ("", UsageThreshold.USAGE),
    ],
)
def test_a_trigger_is_read_by_its_category(category: str, threshold: UsageThreshold) -> None:
    read = TwilioTriggerReports().read(TRIGGER | {"UsageCategory": category, "IdempotencyToken": "one"})
    assert read == TriggerReport(f"{TRIGGER['UsageTriggerSid']}/one", TRIGGER["UsageTriggerSid"], None, threshold, AT)


@pytest.mark.parametrize(
    ("fields", "watch"),
    [
        ({}, Watch("sms-outbound", UsageUnit.MESSAGES, AllowancePeriod.DAY, 125)),
        ({"TriggerValue": "125.0"}, Watch("sms-outbound", UsageUnit.MESSAGES, AllowancePeriod.DAY, 125)),
        (
            {"TriggerBy": "usage", "Recurring": "monthly"},
            Watch("sms-outbound", UsageUnit.SEGMENTS, AllowancePeriod.MONTH, 125),
        ),
        ({"TriggerBy": "price"}, None),
        ({"Recurring": "yearly"}, None),
        ({"Recurring": ""}, None),
        ({"TriggerValue": "125.5"}, None),
        ({"TriggerValue": "0"}, None),
        ({"TriggerValue": "-125"}, None),
        ({"TriggerValue": "NaN"}, None),
        ({"TriggerValue": "1e400"}, None),
        ({"TriggerValue": ""}, None),
        ({"TriggerValue": "many"}, None),
    ],
)
def test_a_trigger_is_known_by_what_it_watches(fields: dict[str, str], watch: Watch | None) -> None:
    asked = {"UsageCategory": "sms-outbound", "TriggerBy": "count", "Recurring": "daily", "TriggerValue": "125"}
    read = TwilioTriggerReports().read(TRIGGER | asked | fields)
    assert read is not None
    assert read.watch == watch


def test_a_trigger_without_a_token_is_known_by_when_it_fired() -> None:
    read = TwilioTriggerReports().read(TRIGGER)
    assert read is not None
    assert read.event == f"{TRIGGER['UsageTriggerSid']}/{AT.isoformat()}"
    assert TwilioTriggerReports().read({"DateFired": TRIGGER["DateFired"]}) is None


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "UsageTriggerSid",
                "DateFired",
                "UsageCategory",
                "IdempotencyToken",
                "TriggerBy",
                "Recurring",
                "TriggerValue",
            ]
        ),
        st.text(),
    )
)
def test_no_trigger_breaks_the_reader(fields: dict[str, str]) -> None:
    TwilioTriggerReports().read(fields)
    TwilioTriggerReports().read(TRIGGER | fields)
