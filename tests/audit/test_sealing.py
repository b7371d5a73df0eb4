"""Sealing: everything once, in links without gaps, whoever else seals and whatever breaks off."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from portal.audit.chain import BEGINNING, Entry, Seal
from portal.audit.sealing import BATCH, chain_of, seal_entries, take_chain
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from tests.audit.log import SIGNER, AuditLog, as_superuser
from tests.turnable_clock import TurnableClock


async def _seals(log: AuditLog) -> list[Seal]:
    return [record for record in await log.trail() if isinstance(record, Seal)]


async def test_each_seal_goes_on_from_the_one_before_and_names_its_entries(audit_log: AuditLog) -> None:
    written = []
    for count in (3, 1, 5):
        written.append(await audit_log.write(count))
        assert await audit_log.seal() == 1
    seals = await _seals(audit_log)
    assert [(seal.number, seal.entries) for seal in seals] == [(1, 3), (2, 1), (3, 5)]
    assert [seal.previous_hash for seal in seals] == [BEGINNING, *(seal.hash for seal in seals[:-1])]
    sealed = {one.id: one.seal_number for one in await audit_log.trail() if isinstance(one, Entry)}
    assert sealed == {entry: number for number, entries in enumerate(written, 1) for entry in entries}
    assert await audit_log.problems() == []
    assert await audit_log.seal() == 0


async def test_more_than_a_seal_holds_goes_into_several(audit_log: AuditLog) -> None:
    await audit_log.write(BATCH + 1)
    assert await audit_log.seal() == 2
    assert [seal.entries for seal in await _seals(audit_log)] == [BATCH, 1]
    assert await audit_log.problems() == []


async def test_an_entry_that_commits_late_with_an_older_id_goes_into_the_next_seal(audit_log: AuditLog) -> None:
    instant = audit_log.clock.now()
    await audit_log.write(2)
    await audit_log.seal()
    audit_log.clock.turn_to(instant - timedelta(seconds=5))
    (late,) = await audit_log.write(1)
    await audit_log.seal()
    found = [(record.id, record.seal_number) for record in await audit_log.trail() if isinstance(record, Entry)]
    assert found[-1] == (late, 2)
    assert late < found[0][0]
    assert await audit_log.problems() == []


async def test_workers_that_seal_at_once_seal_nothing_twice(audit_log: AuditLog) -> None:
    await audit_log.write(40)

    async def one_worker() -> int:
        return sum([await seal_entries(audit_log.database, SIGNER, audit_log.clock) for _ in range(5)])

    made = await asyncio.gather(*(one_worker() for _ in range(4)), audit_log.write(20), audit_log.write(20))
    last = await audit_log.seal()
    seals = await _seals(audit_log)
    assert sum(seal.entries for seal in seals) == 80
    assert len(seals) == last + sum(number for number in made if isinstance(number, int))
    assert await audit_log.problems() == []


async def test_while_another_worker_has_the_chain_nothing_is_sealed_and_nobody_waits(audit_log: AuditLog) -> None:
    await audit_log.write(1)
    async with chain_of(audit_log.database, audit_log.tenant_id) as other:
        assert await take_chain(other)
        assert await audit_log.seal() == 0
    assert await audit_log.seal() == 1


async def test_a_worker_that_is_killed_between_seal_and_mark_leaves_nothing_half_done(
    audit_log: AuditLog, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    written = await audit_log.write(3)
    locked = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    try:
        async with locked.transaction():
            await locked.execute("SELECT FROM audit_entry WHERE id = $1 FOR UPDATE", written[2])
            sealing = asyncio.create_task(audit_log.seal())
            waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while not (pid := await locked.fetchval(waiting)):
                await asyncio.sleep(0)
                await locked.execute("SELECT pg_stat_clear_snapshot()")
            await locked.execute("SELECT pg_terminate_backend($1)", pid)
            assert await sealing == 0
    finally:
        await locked.close()
    assert await _seals(audit_log) == []
    assert await audit_log.seal() == 1
    assert [seal.entries for seal in await _seals(audit_log)] == [3]
    assert await audit_log.problems() == []


async def test_a_tenant_whose_chain_cannot_be_sealed_stops_no_other(
    audit_log: AuditLog, database: Database, clock: TurnableClock, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    other = await AuditLog.of(database, clock)
    for log in (audit_log, other):
        await log.write(1)
    block = f"ALTER TABLE audit_seal ADD CHECK (tenant_id <> '{min(audit_log.tenant_id, other.tenant_id)}')"
    await as_superuser(superuser, address, block)
    assert await seal_entries(database, SIGNER, clock) == 1
    assert sorted([len(await _seals(audit_log)), len(await _seals(other))]) == [0, 1]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET changes = NULL",
        "UPDATE audit_entry SET seal_number = NULL",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_seal",
        "INSERT INTO audit_seal SELECT * FROM audit_seal",
        "DELETE FROM audit_checkpoint",
    ],
)
async def test_the_application_only_appends(audit_log: AuditLog, sql: str) -> None:
    await audit_log.write(1)
    for role in (DatabaseRole.APP, DatabaseRole.AUTH, DatabaseRole.OPERATOR):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with audit_log.database.for_tenant(audit_log.tenant_id, role=role) as tx:
                await tx.execute(sql)


async def test_the_worker_cannot_rewrite_who_did_what(audit_log: AuditLog) -> None:
    await audit_log.write(1)
    for column, value in (("action", "'x'"), ("actor_id", "id"), ("at", "at"), ("target", "'x'"), ("digest", "salt")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with chain_of(audit_log.database, audit_log.tenant_id) as tx:
                await tx.execute(f"UPDATE audit_entry SET {column} = {value}")  # noqa: S608  written here
