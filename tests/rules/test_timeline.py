"""The order of a timeline: by when things happened, and never behind what the provider tells of a later status."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.messages.reading import EventRow, in_order
from portal.messages.recording import EventSource
from portal.messages.status import MessageStatus, rank

BEGIN = datetime(2026, 11, 20, 14, 30, 40, tzinfo=UTC)
INSTANTS = st.integers(0, 600).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
STATUSES = st.sampled_from([status for status in MessageStatus if status is not MessageStatus.RECEIVED])


def event(status: str, at: float, source: str = "CALLBACK", heard: float | None = None) -> EventRow:
    """An event so many seconds after the beginning."""
    happened, known = (BEGIN + timedelta(seconds=seconds) for seconds in (at, at if heard is None else heard))
    return EventRow(MessageStatus(status), happened, known, EventSource(source), None)


def order(*events: EventRow) -> list[str]:
    return [one.status.value for one in in_order(events)]


ACCEPTED, TAKEN = event("QUEUED", 0, "PORTAL"), event("SENDING", 0.4, "PROVIDER_ANSWER")


def test_a_time_that_the_carrier_tells_to_the_minute_changes_no_order() -> None:
    assert order(event("DELIVERED", -40, heard=3), event("SENT", 1), TAKEN, ACCEPTED) == [
        "QUEUED",
        "SENDING",
        "SENT",
        "DELIVERED",
    ]


def test_what_is_called_back_in_the_wrong_order_and_has_no_time_of_its_own_is_set_right() -> None:
    assert order(ACCEPTED, TAKEN, event("DELIVERED", 1), event("SENT", 2)) == ["QUEUED", "SENDING", "SENT", "DELIVERED"]


def test_what_happened_before_and_was_heard_later_stands_where_it_happened() -> None:
    undelivered, delivered = event("UNDELIVERED", 60, heard=500), event("DELIVERED", 120, heard=130)
    assert order(ACCEPTED, delivered, undelivered) == ["QUEUED", "UNDELIVERED", "DELIVERED"]


def test_a_second_try_stands_behind_the_doubt_about_the_first() -> None:
    doubt, again = event("CONFIRMING", 10, "PORTAL"), event("SENDING", 80, "PROVIDER_ANSWER")
    assert order(event("SENT", 81), again, doubt, ACCEPTED) == ["QUEUED", "CONFIRMING", "SENDING", "SENT"]


@given(st.lists(st.builds(EventRow, STATUSES, INSTANTS, INSTANTS, st.sampled_from(EventSource), st.none())))
def test_any_events_are_all_there_and_what_the_provider_tells_is_in_the_order_of_statuses(
    events: list[EventRow],
) -> None:
    ordered = in_order(events)
    assert sorted(ordered) == sorted(events)
    told = [one for one in ordered if one.source is not EventSource.PORTAL]
    assert [rank(one.status) for one in told] == sorted(rank(one.status) for one in told)
