"""The rules of raising: one open alert of each kind and code, whoever raises beside whom."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.actor import Actor, ActorKind
from portal.alerts.acknowledging import acknowledge
from portal.alerts.catalogue import AlertKind, ProviderFault
from portal.alerts.raising import Occurrence, raise_alerts
from portal.database import Database
from portal.database.connection import Row
from portal.live.changes import Change, ChangeKind
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

PROVIDER = AlertKind.PROVIDER_ERROR
SOMEBODY = Actor(ActorKind.MEMBER, UUID(int=1), "Olga")


async def rows(database: Database, tenant_id: UUID) -> Sequence[Row]:
    """The tenant's alerts as the table has them, with how many occurrences are written down."""
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        return await tx.rows(
            "SELECT *, (SELECT count(*) FROM alert_occurrence AS o WHERE o.tenant_id = alert.tenant_id "
            "AND o.alert_id = alert.id) AS occurrences FROM alert WHERE tenant_id = $1 ORDER BY id",
            tenant_id,
        )


async def raised(database: Database, clock: TurnableClock, tenant_id: UUID, *occurrences: Occurrence) -> None:
    """Raise in a transaction of its own."""
    async with database.for_tenant(tenant_id) as tx:
        await raise_alerts(tx, occurrences, now=clock.now())


async def test_a_hundred_at_once_are_one_alert_with_a_count_of_a_hundred(
    database: Database, clock: TurnableClock
) -> None:
    tenant_id = await make_tenant(database, clock)
    told: list[Change] = []
    database.on_commit = lambda _, changes: told.extend(changes)
    start = clock.now()
    await asyncio.gather(
        *(
            raised(
                database,
                clock,
                tenant_id,
                Occurrence(PROVIDER, ProviderFault.OUTAGE, f"event {number}", start + timedelta(seconds=number)),
            )
            for number in range(100)
        )
    )
    (alert,) = await rows(database, tenant_id)
    assert (alert["count"], alert["occurrences"]) == (100, 100)
    assert (alert["first_at"], alert["last_at"]) == (start, start + timedelta(seconds=99))
    assert told == [Change(ChangeKind.ALERT, alert["id"])]  # of the new alert, not of each occurrence


async def test_the_same_events_raised_side_by_side_in_any_order_count_once(
    database: Database, clock: TurnableClock
) -> None:
    tenant_id = await make_tenant(database, clock)
    all_of_them = [
        Occurrence(PROVIDER, code, f"{code} {number}", clock.now())
        for code in (ProviderFault.OUTAGE, ProviderFault.CALL_FAILED)
        for number in range(20)
    ]
    both_ways = [all_of_them, all_of_them[::-1]]
    await asyncio.gather(*(raised(database, clock, tenant_id, *both_ways[number % 2]) for number in range(10)))
    assert sorted((one["code"], one["count"], one["occurrences"]) for one in await rows(database, tenant_id)) == [
        ("CALL_FAILED", 20, 20),
        ("OUTAGE", 20, 20),
    ]


async def test_acknowledging_beside_raising_loses_and_doubles_nothing(database: Database, clock: TurnableClock) -> None:
    tenant_id = await make_tenant(database, clock)

    async def acknowledge_all() -> None:
        for alert in await rows(database, tenant_id):
            async with database.for_tenant(tenant_id) as tx:
                await acknowledge(tx, alert["id"], SOMEBODY, now=clock.now())

    await asyncio.gather(
        *(
            acknowledge_all()
            if number % 5 == 4
            else raised(database, clock, tenant_id, Occurrence(PROVIDER, "OUTAGE", f"event {number}", clock.now()))
            for number in range(50)
        )
    )
    found = await rows(database, tenant_id)
    assert sum(one["count"] for one in found) == sum(one["occurrences"] for one in found) == 40
    assert len([one for one in found if one["acknowledged_at"] is None]) <= 1


async def test_what_is_rolled_back_is_neither_counted_nor_told(database: Database, clock: TurnableClock) -> None:
    tenant_id = await make_tenant(database, clock)
    told: list[Change] = []
    database.on_commit = lambda _, changes: told.extend(changes)

    async def raise_and_fail() -> None:
        async with database.for_tenant(tenant_id) as tx:
            await raise_alerts(tx, [Occurrence(PROVIDER, "OUTAGE", "event", clock.now())], now=clock.now())
            await tx.execute("DELETE FROM alert WHERE tenant_id = $1", tenant_id)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await raise_and_fail()
    assert (await rows(database, tenant_id), told) == ([], [])


codes = st.sampled_from(["OUTAGE", "CALL_FAILED"])
kinds = st.sampled_from([AlertKind.PROVIDER_ERROR, AlertKind.DELIVERABILITY])
events = st.tuples(kinds, codes, st.integers(0, 6), st.integers(-3, 3))
batches = st.lists(st.lists(events, max_size=8), max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
async def test_any_batches_with_any_repetition_count_each_event_once(
    database: Database, clock: TurnableClock, given_batches: list[list[tuple[AlertKind, str, int, int]]]
) -> None:
    tenant_id = await make_tenant(database, clock)
    start = clock.now()
    expected: dict[tuple[str, str], dict[str, int]] = {}
    for batch in given_batches:
        occurrences = [
            Occurrence(kind, code, f"{kind} {code} {number}", start + timedelta(hours=hours))
            for kind, code, number, hours in batch
        ]
        for kind, code, number, hours in batch:
            expected.setdefault((kind, code), {}).setdefault(f"{number}", hours)
        await raised(database, clock, tenant_id, *occurrences)
    found = {
        (one["kind"], one["code"]): (one["count"], one["first_at"], one["last_at"])
        for one in await rows(database, tenant_id)
    }
    assert found == {
        group: (
            len(hours),
            start + timedelta(hours=min(hours.values())),
            start + timedelta(hours=max(hours.values())),
        )
        for group, hours in expected.items()
    }
