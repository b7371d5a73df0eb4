"""Whatever is changed, removed, put in or exchanged is found and named; what is in order is left in peace."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.audit.chain import Checkpoint, Ending, Entry, Record, Seal, hash_of, signed_by
from portal.audit.entries import ERASABLE, KEPT, content_digest_of, digest_of
from portal.audit.erasing import ErasedPerson, erase_person
from portal.audit.retention import RETENTION, drop_old_entries
from portal.audit.trail import NoRecordError, export_lines, line_of, read_lines
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.encryption import Signer
from tests.audit.log import ORIGIN, SIGNER, AuditLog, as_superuser, problems_of
from tests.conftest import new_database
from tests.turnable_clock import TurnableClock

pytestmark = pytest.mark.asyncio(loop_scope="module")
STRANGER = Signer("somebody else's secret of enough characters", "audit log")
by_property = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Trail:
    """An exported log: a checkpoint, three seals, erased entries, three entries that are not sealed, and its ending."""

    tenant_id: UUID
    records: list[Record] = field(repr=False)

    @property
    def sealed(self) -> list[int]:
        """Where the sealed entries stand."""
        return [n for n, one in enumerate(self.records) if isinstance(one, Entry) and one.seal_number]

    @property
    def proven(self) -> list[int]:
        """Where everything stands that nobody may touch unseen."""
        return [n for n, one in enumerate(self.records) if not isinstance(one, Entry) or one.seal_number]

    def problems(self, records: list[Record] | None = None) -> list[str]:
        """What a verification finds in these records, or in its own."""
        return problems_of(self.records if records is None else records, self.tenant_id, exported=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trail(superuser: DatabaseAddress) -> AsyncIterator[Trail]:
    async with new_database(superuser) as address:
        database, clock = await Database.connect(address), TurnableClock()
        log = await AuditLog.of(database, clock)
        await log.write(2)
        await log.seal()
        clock.advance(RETENTION - timedelta(days=395))
        for count in (5, 1, 4):
            await log.write(count)
            await log.seal()
        await erase_person(database, SIGNER, ErasedPerson(log.tenant_id, log.people[0]), ORIGIN, now=clock.now())
        await log.write(2)
        # The first seal is made old enough, and the clock is not: partitions are of this time.
        old = TurnableClock(clock.now() + RETENTION - timedelta(days=4))
        assert await drop_old_entries(database, SIGNER, old) == 1
        lines = [line async for line in export_lines(log.begin, SIGNER, clock, log.tenant_id)]
        yield Trail(log.tenant_id, list(read_lines(lines)))
        await database.close()


async def test_a_trail_that_nobody_touched_is_in_order(trail: Trail) -> None:
    assert trail.problems() == []
    kinds = [type(record).__name__ for record in trail.records]
    assert kinds == [
        "Checkpoint",
        *["Entry"] * 5,
        "Seal",
        "Entry",
        "Seal",
        *["Entry"] * 4,
        "Seal",
        *["Entry"] * 3,
        "Ending",
    ]
    erased = [one for one in trail.records if isinstance(one, Entry) and one.erased_at]
    assert len(erased) == 6
    assert {name: {one.content[name] for one in erased} for name in ERASABLE} == {name: {None} for name in ERASABLE}


def _other(value: Any) -> st.SearchStrategy[Any]:
    """Another value of the same kind."""
    by_kind: dict[type, st.SearchStrategy[Any]] = {
        bytes: st.binary(min_size=len(value) if isinstance(value, bytes) else 0, max_size=64),
        int: st.integers(0, 2**40),
        str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        UUID: st.uuids(),
        dict: st.dictionaries(st.text(st.characters(categories=["L"]), max_size=3), st.integers(-9, 9), max_size=2),
    }
    if isinstance(value, datetime):
        return st.integers(1, 10**9).map(lambda micros: value + timedelta(microseconds=micros))
    found = by_kind.get(type(value), by_kind[str])
    return (found | st.none()).filter(lambda other: other != value)


def _names(record: Record, neighbours: list[Record]) -> set[str]:
    """The words by which a finding may name this record: its own, or those of the seal that it stands with."""
    if isinstance(record, Ending):
        return {"the end:"}
    if isinstance(record, Entry):
        return {str(record.id), f"seal {record.seal_number}"}
    later = [one for one in neighbours if isinstance(one, Seal) and one.number == record.number + 1]
    return {f"{type(record).__name__.lower()} {record.number}", *(f"seal {one.number}" for one in later)}


def _named(problems: list[str], record: Record, trail: Trail) -> bool:
    return any(name in problem for problem in problems for name in _names(record, trail.records))


@by_property
@given(data=st.data())
async def test_any_field_that_was_changed_is_found_and_named(data: st.DataObject, trail: Trail) -> None:
    place = data.draw(st.sampled_from(trail.proven))
    record = trail.records[place]
    if isinstance(record, Entry) and data.draw(st.booleans()):
        name = data.draw(st.sampled_from([*KEPT, *ERASABLE]))
        other = data.draw(_other(record.content[name]))
        changed: Record = replace(record, content={**record.content, name: other})
    else:
        name = data.draw(st.sampled_from([one.name for one in fields(record) if one.name != "content"]))
        other = data.draw(_other(getattr(record, name)))
        changed = replace(record, **{name: other})
    records = [*trail.records[:place], changed, *trail.records[place + 1 :]]
    try:
        records = list(read_lines(map(line_of, records)))
    except NoRecordError as error:  # it does not even read like a record any more
        assert str(error) == f"line {place + 1} is no record of an export"  # noqa: PT017  either may come
    else:
        problems = trail.problems(records)
        assert _named(problems, record, trail) or _named(problems, changed, trail), problems


@by_property
@given(data=st.data())
async def test_anything_that_was_removed_is_found_and_named(data: st.DataObject, trail: Trail) -> None:
    first = data.draw(st.sampled_from(trail.proven))
    after = data.draw(st.sampled_from([place + 1 for place in trail.proven if place >= first]))
    problems = trail.problems([*trail.records[:first], *trail.records[after:]])
    if after == len(trail.records):
        assert "the end is missing: the file was cut off" in problems
    else:
        assert any(_named(problems, one, trail) for one in trail.records[first:after]), problems


@by_property
@given(data=st.data())
async def test_anything_that_was_put_in_is_found(data: st.DataObject, trail: Trail) -> None:
    place = data.draw(st.integers(0, len(trail.records) - 1))
    record = data.draw(st.sampled_from(trail.records))
    if isinstance(record, Entry) and data.draw(st.booleans()):  # with digests of its own, as a skilled forger does it
        record = _forged(record, id=uuid4())
    problems = trail.problems([*trail.records[:place], record, *trail.records[place:]])
    assert problems


@by_property
@given(data=st.data())
async def test_any_two_that_were_exchanged_are_found(data: st.DataObject, trail: Trail) -> None:
    one, other = data.draw(st.lists(st.sampled_from(trail.proven), min_size=2, max_size=2, unique=True))
    records = list(trail.records)
    records[one], records[other] = records[other], records[one]
    problems = trail.problems(records)
    assert _named(problems, records[one], trail) or _named(problems, records[other], trail), problems


@by_property
@given(data=st.data())
async def test_contents_that_were_exchanged_between_entries_are_found(data: st.DataObject, trail: Trail) -> None:
    one, other = data.draw(st.lists(st.sampled_from(trail.sealed), min_size=2, max_size=2, unique=True))
    entries = [trail.records[place] for place in (one, other)]
    contents = [entry.content for entry in entries if isinstance(entry, Entry)]
    names = data.draw(st.sets(st.sampled_from([*KEPT, *ERASABLE]), min_size=1))
    names = {name for name in names if contents[0][name] != contents[1][name]} or {"id"}
    records = list(trail.records)
    for place, entry, theirs in zip((one, other), entries, reversed(contents), strict=True):
        assert isinstance(entry, Entry)
        records[place] = replace(entry, content={**entry.content, **{name: theirs[name] for name in names}})
    problems = trail.problems(records)
    assert all(any(str(name) in problem for problem in problems) for name in (_id(records[one]), _id(records[other])))


def _id(record: Record) -> UUID:
    assert isinstance(record, Entry)
    return record.id


def _forged(entry: Entry, **content: Any) -> Entry:
    """The entry with other content and all digests to match: what needs no secret."""
    new = {**entry.content, "actor_name": "Mallory", "changes": {}, "address": None, **content}
    salt = b"s" * 32
    digest = content_digest_of(new, salt)
    return Entry(new, salt, digest, digest_of(new, digest), entry.seal_number, None, None)


async def test_who_makes_all_digests_anew_is_found_by_the_seal(trail: Trail) -> None:
    for place in trail.sealed:
        entry = trail.records[place]
        assert isinstance(entry, Entry)
        records = [*trail.records[:place], _forged(entry), *trail.records[place + 1 :]]
        what = "its hash is not that of its entries: it was changed, or an entry was exchanged"
        assert trail.problems(records) == [f"seal {entry.seal_number}: {what}"]


async def test_who_makes_the_whole_chain_anew_lacks_the_secret(trail: Trail) -> None:
    records: list[Record] = []
    digests: list[bytes] = []
    checkpoint = trail.records[0]
    assert isinstance(checkpoint, Checkpoint)
    previous = checkpoint.hash
    for record in trail.records[1:]:
        if isinstance(record, Entry):
            records.append(_forged(record))
            digests.append(_forged(record).digest)
        elif isinstance(record, Seal):
            previous_hash, previous = (
                previous,
                hash_of(trail.tenant_id, record.number, previous, digests, sealed_at=record.sealed_at),
            )
            digests.clear()
            seal = replace(record, previous_hash=previous_hash, hash=previous)
            records.append(replace(seal, signature=STRANGER.sign(signed_by(seal))))
    what = "its signature is not the portal's: it was changed, or made with another secret"
    found = problems_of([checkpoint, *records], trail.tenant_id)
    assert found == [f"seal {number}: {what}" for number in (2, 3, 4)]


async def test_an_entry_that_was_emptied_is_not_taken_for_an_erased_one(trail: Trail) -> None:
    place = next(n for n in trail.sealed if getattr(trail.records[n], "salt", None))
    entry = trail.records[place]
    assert isinstance(entry, Entry)
    emptied = replace(entry, content={**entry.content, **dict.fromkeys(ERASABLE)}, salt=None)
    signed = {"erased_at": entry.content["at"], "erasure_signature": STRANGER.sign(b"erased")}
    records = [*trail.records]
    for changed, what in (
        (emptied, "its salt was removed, but not by an erasure"),
        (replace(emptied, **signed), "it says that it was erased, but the portal did not sign that"),
    ):
        records[place] = changed
        assert trail.problems(records) == [f"entry {entry.id}: {what}"]


async def test_what_was_erased_cannot_be_guessed_by_who_knows_everything_else(trail: Trail) -> None:
    erased = next(one for one in trail.records if isinstance(one, Entry) and one.erased_at)
    known = {**erased.content, "actor_name": "Ann Ashby", "address": "192.0.2.1", "changes": {}}
    shown = [value for value in erased.content.values() if isinstance(value, str)]
    assert "Ann Ashby" not in shown
    tried = {content_digest_of(known, salt) for salt in (b"", erased.content_digest, erased.digest, erased.id.bytes)}
    tried |= {sha256(repr(known).encode()).digest(), digest_of(known, b"")}
    assert not tried & {erased.content_digest, erased.digest}


async def test_every_line_of_an_export_reads_as_it_was_written(trail: Trail) -> None:
    assert list(read_lines(map(line_of, trail.records))) == trail.records
    assert all(one.number < other.number for one, other in pairwise(r for r in trail.records if isinstance(r, Seal)))


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"1", b'{"record": "other"}', b'{"record": "seal"}', b"\xff"])
async def test_a_line_that_is_no_record_is_named(trail: Trail, line: bytes) -> None:
    with pytest.raises(NoRecordError, match="line 2 is no record of an export"):
        list(read_lines([line_of(trail.records[0]), line]))


# What somebody does who has the whole database, with `{entry}` the entry and `{seal}` the seal in the middle.
TAMPERING: dict[str, tuple[str, Callable[[UUID], list[str]]]] = {
    "an entry is changed": (
        "UPDATE audit_entry SET action = 'nothing' WHERE id = '{entry}'",
        lambda entry: [f"entry {entry}: it was changed: it is not what its digest was made of"],
    ),
    "an entry is deleted": (
        "DELETE FROM audit_entry WHERE id = '{entry}'",
        lambda _: ["seal 2: it sealed 2 entries, but there are 1: one was removed or put in"],
    ),
    "an entry is taken out of its seal": (
        "UPDATE audit_entry SET seal_number = NULL WHERE id = '{entry}'",
        lambda _: ["seal 2: it sealed 2 entries, but there are 1: one was removed or put in"],
    ),
    "a seal is deleted": (
        "DELETE FROM audit_seal WHERE number = 2",
        lambda _: ["seal 2 is missing: after seal 1 comes seal 3", "stands with seal 3", "stands with seal 3"],
    ),
    "the newest seal is deleted": (
        "DELETE FROM audit_seal WHERE number = 3",
        lambda _: ["seal 3, which it says it is in, is missing"] * 2,
    ),
    "the oldest entries are deleted": (
        "WITH gone AS (DELETE FROM audit_entry WHERE seal_number = 1) DELETE FROM audit_seal WHERE number = 1",
        lambda _: ["seal 1 is missing: after the beginning comes seal 2"],
    ),
    "a seal's time is changed": (
        "UPDATE audit_seal SET sealed_at = sealed_at - interval '500 days' WHERE number = 2",
        lambda _: ["seal 2: its hash", "seal 2: its signature"],
    ),
    "seals change places": (
        "UPDATE audit_seal SET number = 9 - number WHERE number > 1",
        lambda _: ["seals 2 to 5 are missing", "seal 6", "seal 6", "seal 6", "seal 7", "seal 7"],
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_what_is_done_in_the_database_is_found_and_named(what: str, superuser: DatabaseAddress) -> None:
    async with new_database(superuser) as address:
        database = await Database.connect(address)
        log = await AuditLog.of(database, TurnableClock())
        written = []
        for _ in range(3):
            written += await log.write(2)
            await log.seal()
        assert await log.problems() == []
        sql, expected = TAMPERING[what]
        await as_superuser(superuser, address, sql.format(entry=written[2]))
        problems = await log.problems()
        await database.close()
    for part in expected(written[2]):
        assert any(part in problem for problem in problems), problems


async def test_what_an_older_secret_signed_is_not_taken_for_the_portal_s(trail: Trail) -> None:
    assert problems_of(trail.records, trail.tenant_id, STRANGER)
    assert problems_of(trail.records, uuid4())
