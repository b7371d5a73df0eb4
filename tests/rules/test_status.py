"""The order of statuses: whatever order reports come in, however often, the end is the same."""

from functools import reduce
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messages.issues import DeliveryIssueCode
from portal.messages.status import FINAL, MessageStatus, Standing, rank

STATUSES = st.sampled_from(list(MessageStatus))
ISSUES = st.none() | st.sampled_from(list(DeliveryIssueCode))
REPORTS = st.builds(Standing, STATUSES, ISSUES)
BAD = {MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.EXPIRED}
# What Twilio reports of one message; "accepted" and "queued" there are SENDING here.
TWILIO = (
    (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ),
    (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNDELIVERED),
    (MessageStatus.SENDING, MessageStatus.FAILED),
    (MessageStatus.SCHEDULED, MessageStatus.SENDING, MessageStatus.CANCELED),
)


def after(begin: Standing, reports: list[Standing]) -> Standing:
    return reduce(Standing.after, reports, begin)


@given(REPORTS, st.lists(REPORTS, max_size=8), st.data())
def test_any_order_and_any_repetition_ends_in_the_same_status(
    begin: Standing, reports: list[Standing], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(reports))
    repeated = [*shuffled, *data.draw(st.lists(st.sampled_from(reports), max_size=8) if reports else st.just([]))]
    assert after(begin, repeated).status is after(begin, reports).status


def test_two_reports_in_either_order_end_in_the_same_status() -> None:
    for begin, one, other in product(MessageStatus, repeat=3):
        reports = [Standing(one), Standing(other)]
        assert after(Standing(begin), reports).status is after(Standing(begin), reports[::-1]).status


@given(REPORTS, st.lists(REPORTS, max_size=8))
def test_a_status_never_moves_back(begin: Standing, reports: list[Standing]) -> None:
    standing = begin
    for report in reports:
        later = standing.after(report)
        assert rank(later.status) >= rank(standing.status)
        standing = later


@given(REPORTS, st.lists(REPORTS, min_size=1, max_size=8))
def test_what_is_lost_costs_no_more_than_its_own_news(begin: Standing, reports: list[Standing]) -> None:
    last = max(reports, key=lambda report: rank(report.status))
    heard = after(begin, [last])
    assert after(begin, reports).status is heard.status


@given(REPORTS, st.lists(REPORTS, max_size=8))
def test_a_reason_is_never_replaced_by_none_while_the_news_is_bad(begin: Standing, reports: list[Standing]) -> None:
    standing = begin
    for report in reports:
        later = standing.after(report)
        if standing.status in BAD and standing.issue is not None and later.status in BAD:
            assert later.issue is not None
        standing = later


@given(REPORTS, REPORTS)
def test_the_same_report_twice_is_as_good_as_once(begin: Standing, report: Standing) -> None:
    once = begin.after(report)
    assert once.after(report) == once


@pytest.mark.parametrize("reports", TWILIO)
def test_what_twilio_reports_of_one_message_ends_in_its_last_status(reports: tuple[MessageStatus, ...]) -> None:
    for order in permutations(reports):
        assert after(Standing(MessageStatus.QUEUED), [Standing(status) for status in order]).status is reports[-1]


@pytest.mark.parametrize("status", sorted(BAD))
def test_a_bad_end_without_a_reason_takes_a_reason_that_comes_later(status: MessageStatus) -> None:
    issue = DeliveryIssueCode.UNREACHABLE
    assert Standing(status).after(Standing(status, issue)) == Standing(status, issue)
    assert Standing(status, issue).after(Standing(status)) == Standing(status, issue)


@pytest.mark.parametrize("later", sorted(BAD))
def test_no_reason_given_gives_way_to_a_reason_and_never_replaces_one(later: MessageStatus) -> None:
    unknown, known = DeliveryIssueCode.UNKNOWN, DeliveryIssueCode.UNREACHABLE
    for given_first, given_then in ((unknown, known), (known, unknown)):
        first = Standing(MessageStatus.EXPIRED, given_first)
        assert first.after(Standing(later, given_then)) == Standing(later, known)


@pytest.mark.parametrize("told", [DeliveryIssueCode.UNKNOWN, DeliveryIssueCode.UNREACHABLE])
@pytest.mark.parametrize("later", [MessageStatus.FAILED, MessageStatus.UNDELIVERED])
def test_nobody_could_tell_is_over_once_anybody_tells(later: MessageStatus, told: DeliveryIssueCode) -> None:
    unconfirmed = Standing(MessageStatus.FAILED, DeliveryIssueCode.UNCONFIRMED)
    assert unconfirmed.after(Standing(later, told)) == Standing(later, told)
    assert Standing(later, told).after(unconfirmed) == Standing(later, told)


def test_delivered_has_the_last_word_over_bad_news_and_bears_no_reason() -> None:
    failed = Standing(MessageStatus.UNDELIVERED, DeliveryIssueCode.UNREACHABLE)
    assert failed.after(Standing(MessageStatus.DELIVERED)) == Standing(MessageStatus.DELIVERED)


def test_what_waits_is_not_final_and_each_status_has_a_place_of_its_own() -> None:
    assert {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.CONFIRMING, MessageStatus.SENT}.isdisjoint(FINAL)
    assert len({rank(status) for status in MessageStatus}) == len(MessageStatus)


def test_what_has_been_sent_is_never_canceled() -> None:
    sent = Standing(MessageStatus.SENT)
    assert sent.after(Standing(MessageStatus.CANCELED)) == sent
