"""Turns to read: few at once, fewer of one tenant, so that one tenant's many readers hold up no other tenant."""

import asyncio
import gc
from collections import Counter
from uuid import UUID

from api.graphql.live.limits import LiveLimits, Turns

A, B = UUID(int=1), UUID(int=2)


class Readers:
    """Readings that end when they may, and how many go on."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.going_on: Counter[UUID] = Counter()
        self.over = asyncio.Event()

    async def read(self, tenant_id: UUID) -> None:
        """One reading."""
        async with self._turns.taken(tenant_id):
            self.going_on[tenant_id] += 1
            await self.over.wait()
            self.going_on[tenant_id] -= 1


async def test_a_tenant_with_ever_so_many_readers_leaves_turns_to_the_others() -> None:
    limits = LiveLimits()
    turns = Turns(limits.readers, limits.readers_of_tenant)
    readers = Readers(turns)
    crowd = [asyncio.create_task(readers.read(A)) for _ in range(500)]
    await asyncio.sleep(0)
    other = asyncio.create_task(readers.read(B))
    for _ in range(3):
        await asyncio.sleep(0)
    assert readers.going_on == {A: limits.readers_of_tenant, B: 1}
    assert limits.readers_of_tenant < limits.readers
    for reading in crowd[100:]:  # also who gives up waiting leaves nothing taken
        reading.cancel()
    readers.over.set()
    await asyncio.gather(*crowd[:100], other)
    assert readers.going_on.total() == 0


async def test_all_tenants_together_read_no_more_at_once_than_the_database_bears() -> None:
    limits = LiveLimits()
    readers = Readers(Turns(limits.readers, limits.readers_of_tenant))
    crowd = [asyncio.create_task(readers.read(UUID(int=number))) for number in range(50)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert readers.going_on.total() == limits.readers
    readers.over.set()
    await asyncio.gather(*crowd)


async def test_nothing_is_kept_of_a_tenant_that_nobody_looks_at_any_more() -> None:
    turns = Turns(4, 2)
    async with turns.taken(A):
        assert list(turns._of_tenants) == [A]  # noqa: SLF001  a leak shows nowhere else
    gc.collect()
    assert list(turns._of_tenants) == []  # noqa: SLF001  the same
