"""The catalogue: every code has its words, and none of them is the provider's."""

import re
from itertools import chain

import pytest

from portal.alerts.catalogue import (
    TEXTS,
    AlertGroup,
    AlertKind,
    FraudFault,
    ProviderFault,
    RegistrationFault,
    SpendFault,
    UsageThreshold,
    group_of_issue,
    text_of,
)
from portal.messages.issues import CATALOGUE, DeliveryIssueCode
from twilio_gateway import errors
from twilio_gateway.errors import UNKNOWN, group_of, issue_of, known_issue

CODES: dict[AlertKind, list[str]] = {
    AlertKind.PROVIDER_ERROR: [*ProviderFault],
    AlertKind.REGISTRATION: [*RegistrationFault],
    AlertKind.USAGE_THRESHOLD: [*UsageThreshold],
    AlertKind.SPEND_CAP: [*SpendFault],
    AlertKind.FRAUD: [*FraudFault],
    AlertKind.DELIVERABILITY: [code for code in DeliveryIssueCode if CATALOGUE[code].alert is not None],
}
GROUPS = [AlertGroup(kind, code) for kind, codes in CODES.items() for code in codes]
PROVIDERS = re.compile(
    r"(?i)twilio|subaccount|\bsid\b|\b[A-Z]{2}[0-9a-f]{32}\b|\b[1-6]\d{4}\b|TwiML|10DLC|campaign|brand"
)
SENTENCE = re.compile(r"[A-Z0-9].*[.]")


def test_every_code_of_every_kind_has_a_text_and_there_is_no_other() -> None:
    assert set(TEXTS) == set(GROUPS)
    assert set(CODES) | {AlertKind.WEBHOOK_FAILING} == set(AlertKind)


def test_every_reason_has_an_entry() -> None:
    assert set(CATALOGUE) == set(DeliveryIssueCode)


@pytest.mark.parametrize(
    "group",
    [
        *GROUPS,
        AlertGroup(AlertKind.WEBHOOK_FAILING, "x"),
        AlertGroup(UNKNOWN.kind, "x"),
        AlertGroup(AlertKind.USAGE_THRESHOLD, "ALLOWANCE_90"),
    ],
)
def test_an_alert_says_what_is_wrong_and_what_to_do_in_sentences_without_the_provider_s_words(
    group: AlertGroup,
) -> None:
    text = text_of(group)
    for words in (text.title, text.advice):
        assert SENTENCE.fullmatch(words)
        assert PROVIDERS.search(words) is None
    assert len(text.title) <= 80
    assert text.actor


@pytest.mark.parametrize("code", DeliveryIssueCode)
def test_a_reason_says_the_same_of_a_single_message(code: DeliveryIssueCode) -> None:
    issue = CATALOGUE[code]
    for words in (issue.reason, issue.advice, issue.alert or issue.reason):
        assert SENTENCE.fullmatch(words)
        assert PROVIDERS.search(words) is None
    group = group_of_issue(code)
    assert group is None or group in TEXTS
    assert group is None or text_of(group).actor is issue.actor


def test_a_text_is_told_by_its_title_alone() -> None:
    titles = [text.title for text in TEXTS.values()]
    assert len(set(titles)) == len(titles)


OF_THE_PORTAL = {AlertKind.USAGE_THRESHOLD, AlertKind.SPEND_CAP, AlertKind.FRAUD}
OUR_OWN = {
    AlertGroup(AlertKind.PROVIDER_ERROR, code) for code in (ProviderFault.ACCOUNT_MISSING, ProviderFault.NOT_SERVED)
}


def test_every_number_in_the_catalogue_leads_to_words_that_exist_and_all_words_are_led_to() -> None:
    numbers = chain(errors._ISSUES, *(one[0] for one in errors._FAULTS))  # noqa: SLF001  the tables themselves
    groups = {number: group_of(number) for number in numbers}
    assert len(groups) > 1_000
    told = {group for group in groups.values() if group is not None} | {UNKNOWN} | OUR_OWN
    of_messages = {group for code in DeliveryIssueCode if (group := group_of_issue(code))}
    assert told | of_messages == {group for group in TEXTS if group.kind not in OF_THE_PORTAL}


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (11200, (AlertKind.PROVIDER_ERROR, ProviderFault.REPORTS_LOST)),
        (12100, (AlertKind.PROVIDER_ERROR, ProviderFault.ANSWER_UNREADABLE)),
        (12400, (AlertKind.PROVIDER_ERROR, ProviderFault.OUTAGE)),
        (13227, (AlertKind.PROVIDER_ERROR, ProviderFault.CALL_FAILED)),
        (20003, (AlertKind.PROVIDER_ERROR, ProviderFault.ACCOUNT_REFUSED)),
        (20429, (AlertKind.PROVIDER_ERROR, ProviderFault.RATE_LIMITED)),
        (21710, (AlertKind.PROVIDER_ERROR, ProviderFault.NUMBER_SETUP)),
        (30034, (AlertKind.DELIVERABILITY, DeliveryIssueCode.UNREGISTERED_SENDER)),
        (30450, (AlertKind.DELIVERABILITY, DeliveryIssueCode.FILTERED)),  # among those of toll-free numbers
        (30451, (AlertKind.REGISTRATION, RegistrationFault.TOLL_FREE_REJECTED)),
        (30500, (AlertKind.PROVIDER_ERROR, ProviderFault.OUTAGE)),  # the same
        (30795, (AlertKind.REGISTRATION, RegistrationFault.BUSINESS_REJECTED)),
        (30879, (AlertKind.REGISTRATION, RegistrationFault.TOLL_FREE_REJECTED)),
        (30900, (AlertKind.REGISTRATION, RegistrationFault.USE_CASE_REJECTED)),
        (63038, (AlertKind.DELIVERABILITY, DeliveryIssueCode.CARRIER_LIMIT)),
        (99999, (AlertKind.PROVIDER_ERROR, ProviderFault.UNKNOWN)),
    ],
)
def test_a_documented_number_raises(number: int, group: tuple[AlertKind, str]) -> None:
    assert group_of(number) == AlertGroup(*group)


@pytest.mark.parametrize("number", [21211, 21610, 21614, 30003, 30004, 30005, 30006, 30008])
def test_what_is_the_recipient_s_business_raises_nothing(number: int) -> None:
    assert group_of(number) is None
    assert known_issue(number) is issue_of(number)
