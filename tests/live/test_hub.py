"""The hub and the announcer by themselves: any order of coming, going and telling, and a bus that fails."""

import asyncio
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.live.announcing import Announcer
from portal.live.bus import BusUnavailableError
from portal.live.changes import MISSED, Change, ChangeKind, from_payload, to_payloads
from portal.live.hub import Hub, MissedError, Watch
from tests.live.memory_bus import MemoryBus
from tests.waiting import until

A, B, C = (UUID(int=number) for number in (1, 2, 3))
CHANGES = st.builds(Change, st.sampled_from(ChangeKind), st.none() | st.uuids())
STEPS = st.lists(
    st.tuples(st.sampled_from(["come", "go", "tell"]), st.sampled_from([A, B, C]), st.integers(0, 3)), max_size=40
)


def _change(tenant: UUID, number: int) -> Change:
    return Change(ChangeKind.MESSAGE_STATUS, UUID(int=tenant.int * 1_000 + number))


async def _all_of(watch: Watch) -> list[Change]:
    found: list[Change] = []
    try:
        async with asyncio.timeout(0):
            while True:
                found += await watch.next(2)
    except TimeoutError:
        return found


@given(st.lists(CHANGES, max_size=300))
def test_what_is_told_is_what_arrives_in_payloads_that_postgresql_takes(changes: list[Change]) -> None:
    payloads = to_payloads(changes)
    assert [one for payload in payloads for one in from_payload(payload)] == changes
    assert all(0 < len(payload.encode()) < 8_000 for payload in payloads)
    assert MISSED not in payloads


def test_what_a_newer_portal_tells_beyond_is_passed_over() -> None:
    payload = f"ALLOWANCE\nSOMETHING_NEW {A.hex}\nALERT {A.hex}"
    assert from_payload(payload) == [Change(ChangeKind.ALLOWANCE), Change(ChangeKind.ALERT, A)]


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_tn_01_a_watch_hears_all_of_its_own_tenant_since_it_came_once_and_nothing_of_another(
    steps: list[tuple[str, UUID, int]],
) -> None:
    async def play() -> None:
        bus = MemoryBus()
        hub = Hub(bus, most_waiting=1_000)
        here: list[tuple[UUID, Watch, AsyncExitStack, dict[Change, None]]] = []
        for step, tenant, number in steps:
            if step == "come":
                stack = AsyncExitStack()
                watch = await stack.enter_async_context(hub.watching(tenant))
                here.append((tenant, watch, stack, {}))
            elif step == "go" and here:
                _, watch, stack, due = here.pop(number % len(here))
                assert await _all_of(watch) == list(due)
                await stack.aclose()
            elif step == "tell":
                await bus.publish({tenant: to_payloads([_change(tenant, number)])})
                for own, _, _, due in here:
                    if own == tenant:
                        due[_change(tenant, number)] = None
            assert bus.listened == {own for own, _, _, _ in here}
        for _, watch, stack, due in here:
            assert await _all_of(watch) == list(due)
            await stack.aclose()
        assert (hub.watches, bus.listened) == (0, set())

    asyncio.run(play())


async def test_a_reader_that_is_too_slow_has_to_begin_again_and_the_others_have_not() -> None:
    bus = MemoryBus()
    hub = Hub(bus, most_waiting=5)
    async with hub.watching(A) as slow, hub.watching(A) as quick, hub.watching(A) as narrow:
        narrow.narrow(lambda change: change == _change(A, 3))
        for number in range(6):
            await bus.publish({A: to_payloads([_change(A, number)])})
            assert await quick.next(9) == [_change(A, number)]
        with pytest.raises(MissedError):
            await slow.next(9)
        assert await narrow.next(9) == [_change(A, 3)]
        with pytest.raises(MissedError):  # for good
            await slow.next(9)


async def test_whoever_looked_on_while_the_bus_was_lost_has_to_begin_again() -> None:
    bus = MemoryBus()
    hub = Hub(bus, most_waiting=5)
    async with hub.watching(A) as before:
        bus.break_off()
        with pytest.raises(MissedError):
            await before.next(9)
        async with hub.watching(A) as after:
            await bus.publish({A: [*to_payloads([_change(A, 1)])]})
            assert await after.next(9) == [_change(A, 1)]
            await bus.publish({A: [MISSED]})
            with pytest.raises(MissedError):
                await after.next(9)
    bus.away = True
    with pytest.raises(BusUnavailableError):
        async with hub.watching(B):
            pass
    assert hub.watches == 0


async def test_a_payload_that_is_none_harms_nobody() -> None:
    bus = MemoryBus()
    async with Hub(bus, most_waiting=5).watching(A) as watch:
        await bus.publish({A: ["ALERT no-id", "nonsense", *to_payloads([_change(A, 1)])]})
        assert await watch.next(9) == [_change(A, 1)]


async def test_what_comes_together_is_told_together_and_once() -> None:
    bus = MemoryBus()
    announcer = Announcer(bus, moment_seconds=0.05)
    announcer.hear(A, [_change(A, 1)])
    await until(lambda: len(bus.told) == 1)  # at once: it was quiet before
    for _ in range(50):
        announcer.hear(A, [_change(A, 2), _change(A, 3)])
        announcer.hear(B, [_change(B, 2)])
    await until(lambda: len(bus.told) == 2)
    assert bus.told == [
        {A: to_payloads([_change(A, 1)])},
        {A: to_payloads([_change(A, 2), _change(A, 3)]), B: to_payloads([_change(B, 2)])},
    ]
    await announcer.finish()


async def test_what_waits_at_the_end_is_told_before_it() -> None:
    bus = MemoryBus()
    announcer = Announcer(bus)
    announcer.hear(A, [_change(A, 1)])
    await announcer.finish()
    assert bus.told == [{A: to_payloads([_change(A, 1)])}]


async def test_what_cannot_be_told_is_told_later_and_where_it_is_too_much_that_something_was_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("portal.live.announcing._FAULT_SECONDS", 0.01)
    monkeypatch.setattr("portal.live.announcing._MOST", 10)
    bus = MemoryBus()
    bus.away = True
    announcer = Announcer(bus)
    announcer.hear(A, [_change(A, number) for number in range(11)])
    announcer.hear(B, [_change(B, 1)])
    await asyncio.sleep(0)
    announcer.hear(B, [_change(B, 2)])
    bus.away = False
    await until(lambda: bool(bus.told))
    assert bus.told == [{A: [MISSED], B: to_payloads([_change(B, 1), _change(B, 2)])}]
    await announcer.finish()
