"""The allowance's border in a send: who comes first is served first, and nobody is forgotten."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from portal.messages.composing import Addressee, Composed, Recipient, Refusal, RefusalCode, limit_to
from portal.messages.segments import Encoding, SegmentCount
from portal.pricing.terms import UsageUnit

UNITS = st.sampled_from(UsageUnit)


def addressee(index: int) -> Addressee:
    return Addressee(f"+1202555{index:04d}", "US", UUID(int=index + 1), "", {}, opted_out=False)


def composed(asked: list[int]) -> Composed:
    """One recipient for each number of segments; 0 stands for somebody who is refused already."""
    recipients = [
        (index, Recipient(addressee(index), "x", SegmentCount(Encoding.GSM_7, segments, None)))
        for index, segments in enumerate(asked)
        if segments
    ]
    refusals = [
        Refusal(index, UUID(int=index + 1), None, RefusalCode.NOT_FOUND, "x")
        for index, segments in enumerate(asked)
        if not segments
    ]
    return Composed(None, tuple(recipients), tuple(refusals))


ASKED = st.lists(st.integers(0, 11), max_size=40)


@given(ASKED, st.none() | st.integers(0, 200), UNITS)
def test_everybody_asked_for_is_on_one_side_and_the_order_is_kept(
    asked: list[int], available: int | None, unit: UsageUnit
) -> None:
    limited, _ = limit_to(composed(asked), available, unit)
    kept, refused = [index for index, _ in limited.recipients], [refusal.index for refusal in limited.refusals]
    assert sorted([*kept, *refused]) == list(range(len(asked)))
    assert kept == sorted(kept)
    assert refused == sorted(refused)


@given(ASKED, st.integers(0, 200), UNITS)
def test_the_units_taken_are_the_sum_of_who_is_kept_and_never_more_than_there_are(
    asked: list[int], available: int, unit: UsageUnit
) -> None:
    limited, taken = limit_to(composed(asked), available, unit)
    assert taken == sum(recipient.units(unit) for _, recipient in limited.recipients) <= available
    for refusal in limited.refusals:
        if refusal.code is RefusalCode.ALLOWANCE_EXHAUSTED:
            # Whoever is refused would not have fitted after those who came before.
            before = sum(recipient.units(unit) for index, recipient in limited.recipients if index < refusal.index)
            assert before + (1 if unit is UsageUnit.MESSAGES else asked[refusal.index]) > available


@given(ASKED, UNITS)
def test_without_a_limit_nobody_is_refused(asked: list[int], unit: UsageUnit) -> None:
    before = composed(asked)
    limited, taken = limit_to(before, None, unit)
    assert limited == before
    assert taken == (sum(asked) if unit is UsageUnit.SEGMENTS else sum(1 for segments in asked if segments))


@given(ASKED, st.integers(0, 60))
def test_counted_in_messages_the_first_ones_get_theirs(asked: list[int], available: int) -> None:
    limited, _ = limit_to(composed(asked), available, UsageUnit.MESSAGES)
    sendable = [index for index, segments in enumerate(asked) if segments]
    assert [index for index, _ in limited.recipients] == sendable[:available]
