"""Ids: UUIDv7 of the instant that is passed in, and opaque names for clients."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import ids_at, new_id
from portal.global_ids import split_global
from portal_schema.nodes import NOWHERE, from_global, key_of, to_global

KINDS = st.sampled_from(["Contact", "Template", "Message", "MessageBatch", "Tenant"])
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(INSTANTS)
def test_an_id_begins_with_the_milliseconds_of_its_instant(instant: datetime) -> None:
    made = new_id(instant)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == (instant - _EPOCH) // timedelta(milliseconds=1)


@given(INSTANTS, INSTANTS)
def test_an_instant_bounds_the_ids_that_were_made_before_and_after_it(made: datetime, bound: datetime) -> None:
    first, last = ids_at(bound)
    assert first <= new_id(bound) <= last
    assert new_id(made) >= first if made >= bound else new_id(made) <= last


@pytest.mark.parametrize("instant", [datetime.min, datetime(1969, 12, 31), datetime.max])  # noqa: DTZ001, DTZ901  the zone comes below
def test_any_instant_at_all_bounds_ids(instant: datetime) -> None:
    first, last = ids_at(instant.replace(tzinfo=UTC))
    assert first < last


@given(INSTANTS)
def test_ids_of_one_instant_all_differ(instant: datetime) -> None:
    assert len({new_id(instant) for _ in range(100)}) == 100


@given(
    st.lists(INSTANTS, min_size=2, max_size=10, unique_by=lambda instant: (instant - _EPOCH) // timedelta(seconds=1))
)
def test_ids_sort_as_their_instants_do(instants: list[datetime]) -> None:
    assert sorted(instants) == [instant for _, instant in sorted((new_id(instant), instant) for instant in instants)]


@given(KINDS, st.uuids())
def test_a_global_id_leads_back_to_what_it_was_made_from(kind: str, key: UUID) -> None:
    given_id = to_global(kind, key)
    assert split_global(given_id) == (kind, key)
    assert key_of(kind, given_id) == key
    assert from_global(f"{kind}X", given_id) is None
    assert key_of(f"{kind}X", given_id) == NOWHERE


@given(KINDS, st.uuids(), KINDS, st.uuids())
def test_two_objects_never_share_a_global_id(kind: str, key: UUID, other_kind: str, other: UUID) -> None:
    assert (to_global(kind, key) == to_global(other_kind, other)) == ((kind, key) == (other_kind, other))


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_at_all_names_an_object_or_nothing(text: str) -> None:
    found = split_global(text)
    assert found is None or to_global(*found).rstrip("=") == to_global(found[0], found[1])
    assert key_of("Contact", text) == (found[1] if found is not None and found[0] == "Contact" else NOWHERE)


@given(KINDS, st.uuids(), st.sampled_from("!*= \n.+/"), st.data())
def test_an_object_has_one_id_in_one_spelling(kind: str, key: UUID, sign: str, data: st.DataObject) -> None:
    made = str(to_global(kind, key))
    place = data.draw(st.integers(0, len(made)))
    assert split_global(made) == (kind, key)
    assert split_global(made[:place] + sign + made[place:]) is None
