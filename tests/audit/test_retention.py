"""Old links go and leave a signed checkpoint, a person's traces go and leave nothing, and the chain holds."""

import asyncio
from datetime import timedelta

import pytest

from portal.audit.chain import Checkpoint, Entry, Seal
from portal.audit.erasing import ErasedPerson, erase_person
from portal.audit.retention import RETENTION, drop_old_entries
from portal.audit.sealing import chain_of, take_chain
from portal.audit.trail import read_trail
from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.audit.log import NAMES, ORIGIN, SIGNER, AuditLog, as_superuser, problems_of
from tests.turnable_clock import TurnableClock


def _later(log: AuditLog, by: timedelta) -> TurnableClock:
    """The time some days after: entries that are made now fall into partitions that exist."""
    return TurnableClock(log.clock.now() + by)


async def _aged(log: AuditLog, *, seals: int) -> None:
    """So many seals of two entries, a day apart."""
    for _ in range(seals):
        await log.write(2)
        await log.seal()
        log.clock.advance(timedelta(days=1))


async def test_what_is_older_than_the_retention_goes_and_the_rest_goes_on_from_a_checkpoint(
    audit_log: AuditLog,
) -> None:
    await _aged(audit_log, seals=4)
    before = await audit_log.trail()
    assert (
        await drop_old_entries(audit_log.database, SIGNER, _later(audit_log, RETENTION - timedelta(days=2, hours=12)))
        == 2
    )
    checkpoint, *rest = await audit_log.trail()
    assert isinstance(checkpoint, Checkpoint)
    assert (checkpoint.number, checkpoint.entries) == (2, 4)
    assert checkpoint.hash == next(one.hash for one in before if isinstance(one, Seal) and one.number == 2)
    assert rest == before[6:]
    assert await audit_log.problems() == []
    assert (
        await drop_old_entries(audit_log.database, SIGNER, _later(audit_log, RETENTION - timedelta(days=2, hours=12)))
        == 0
    )
    await audit_log.write(1)
    await audit_log.seal()
    assert await audit_log.problems() == []


async def test_the_newest_seal_stays_however_old_it_is(audit_log: AuditLog) -> None:
    await _aged(audit_log, seals=3)
    for days, dropped in ((1, 2), (2, 0), (300, 0)):
        later = _later(audit_log, RETENTION + timedelta(days=days))
        assert await drop_old_entries(audit_log.database, SIGNER, later) == dropped
    numbers = [one.number for one in await audit_log.trail() if isinstance(one, Seal)]
    assert numbers == [3]
    assert await audit_log.problems() == []


async def test_a_second_checkpoint_counts_all_that_went_and_takes_the_first_one_s_place(audit_log: AuditLog) -> None:
    await _aged(audit_log, seals=4)
    for days in (3, 1):
        later = _later(audit_log, RETENTION - timedelta(days=days, hours=12))
        await drop_old_entries(audit_log.database, SIGNER, later)
    (checkpoint,) = [one for one in await audit_log.trail() if isinstance(one, Checkpoint)]
    assert (checkpoint.number, checkpoint.entries) == (3, 6)
    assert await audit_log.problems() == []


async def test_what_is_not_sealed_is_never_dropped(audit_log: AuditLog) -> None:
    written = await audit_log.write(2)
    assert await drop_old_entries(audit_log.database, SIGNER, _later(audit_log, 2 * RETENTION)) == 0
    assert [one.id for one in await audit_log.trail() if isinstance(one, Entry)] == written


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_seal SET sealed_at = sealed_at - interval '500 days'",
        "UPDATE audit_seal SET hash = decode('00', 'hex') WHERE number = 1",
        "DELETE FROM audit_seal WHERE number = 1",
    ],
)
async def test_nobody_makes_the_portal_drop_and_sign_away_what_is_young_or_not_as_it_was_sealed(
    audit_log: AuditLog, superuser: DatabaseAddress, address: DatabaseAddress, sql: str
) -> None:
    await _aged(audit_log, seals=3)
    await as_superuser(superuser, address, sql)
    before = await audit_log.trail()
    later = audit_log.clock if "500 days" in sql else _later(audit_log, RETENTION)
    assert await drop_old_entries(audit_log.database, SIGNER, later) == 0
    assert await audit_log.trail() == before
    assert await audit_log.problems()


async def test_workers_that_seal_and_drop_at_once_keep_the_chain(audit_log: AuditLog) -> None:
    await _aged(audit_log, seals=3)
    later = _later(audit_log, RETENTION - timedelta(days=1, hours=12))
    await audit_log.write(5)
    await asyncio.gather(*(drop_old_entries(audit_log.database, SIGNER, later) for _ in range(3)), audit_log.seal())
    while await drop_old_entries(audit_log.database, SIGNER, later) + await audit_log.seal():
        pass
    assert [one.number for one in await audit_log.trail() if isinstance(one, Seal)] == [3, 4]
    assert await audit_log.problems() == []
    async with chain_of(audit_log.database, audit_log.tenant_id) as other:
        assert await take_chain(other)
        assert await drop_old_entries(audit_log.database, SIGNER, _later(audit_log, 2 * RETENTION)) == 0


async def test_a_trail_that_is_read_while_old_links_go_is_in_order(audit_log: AuditLog) -> None:
    await _aged(audit_log, seals=4)
    later = _later(audit_log, RETENTION - timedelta(days=1, hours=12))
    records = []
    async for record in read_trail(audit_log.begin):
        if isinstance(record, Seal) and record.number == 1:
            assert await drop_old_entries(audit_log.database, SIGNER, later) == 3
            await audit_log.write(1)
            await audit_log.seal()
        records.append(record)
    assert [record.number for record in records if not isinstance(record, Entry)] == [1, 3, 4]  # with a checkpoint
    assert problems_of(records, audit_log.tenant_id) == []


async def test_an_erased_person_is_gone_from_the_log_and_the_chain_holds(
    audit_log: AuditLog, database: Database, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    ann, ben = audit_log.people
    await audit_log.write(4)
    await audit_log.seal()
    await audit_log.write(2)  # erased before they are sealed
    other = await AuditLog.of(database, audit_log.clock)
    other.people[0] = ann
    await other.write(1)
    now = audit_log.clock.now()
    person = ErasedPerson(audit_log.tenant_id, ann, ["contact 3"])
    assert await erase_person(database, SIGNER, person, ORIGIN, now=now) == 4
    assert await erase_person(database, SIGNER, person, ORIGIN, now=now) == 0
    await audit_log.seal()
    assert await audit_log.problems() == []
    entries = [one for one in await audit_log.trail() if isinstance(one, Entry)]
    assert [entries.pop().content["action"] for _ in range(2)] == ["personErase"] * 2
    assert [one.erased_at for one in entries] == [now, None, now, now, now, None]
    for one in entries:
        left = [one.content[name] for name in ("actor_name", "changes", "address")] + [one.salt]
        assert (left == [None] * 4) == (one.erased_at is not None)
        assert one.content["actor_id"] in {ann, ben}
    assert [one.content["actor_name"] for one in await other.trail() if isinstance(one, Entry)] == [NAMES[0]]
    told = await as_superuser(
        superuser, address, "DELETE FROM audit_entry WHERE strpos(audit_entry::text, $1) > 0", "Ann"
    )
    assert told == "DELETE 1"  # the other tenant's
