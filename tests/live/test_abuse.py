"""Readers that do not read, clients that send garbage, a thousand at once: nobody else is worse off, nothing stays."""

import asyncio
import contextlib
import json
import resource
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from api.graphql.live.limits import LiveLimits
from portal.database.address import DatabaseAddress
from tests.live.sockets import Socket, looking
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.product import Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from tests.waiting import until

ALLOWANCE = "subscription { allowanceChanged { used reserved remaining } }"
THOUSAND = 1_000
NAMES = st.sampled_from(["a", "b", "c"])
QUERIES = st.sampled_from([ALLOWANCE, "{ __typename }", "subscription { nonsense }", "{", "", "mutation { x }"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FRAMES = st.one_of(
    st.builds(lambda name, query: {"type": "subscribe", "id": name, "payload": {"query": query}}, NAMES, QUERIES),
    st.builds(lambda name: {"type": "complete", "id": name}, NAMES),
    st.builds(lambda payload: {"type": "ping", "payload": payload}, JSON),
    st.builds(lambda kind: {"type": kind}, st.sampled_from(["pong", "connection_init", "next", "connection_ack"])),
    JSON,
).map(json.dumps) | st.text(max_size=20)


def _tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if not task.done()}


@pytest.mark.parametrize("batch", range(4))
async def test_no_sequence_of_frames_breaks_the_server_or_leaves_anything_behind(
    batch: int, impatient: Product, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = await impatient.tenant()
    contacts = await add_contacts(impatient, tenant, plain_numbers(1))
    async with looking(tenant.machine) as bystander:
        await bystander.subscribe(ALLOWANCE)
        before = len(_tasks())
        for frames in _sequences(batch):
            async with looking(tenant.machine) as socket:
                for frame in frames:
                    try:
                        await socket.connection.send(frame)
                    except ConnectionClosed:
                        break
        await until(lambda: len(_tasks()) <= before)
        accepted = await send(tenant.machine, contacts)
        assert await bystander.data() == {"allowanceChanged": accepted["allowance"]}
        await bystander.quiet()
    assert "a request failed" not in caplog.text
    assert "Exception in ASGI" not in caplog.text


def _sequences(batch: int) -> list[list[str]]:
    """Some sequences of frames; hypothesis draws them, and an event loop plays them."""
    found: list[list[str]] = []

    @seed(batch)
    @settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(FRAMES, min_size=1, max_size=12))
    def draw(frames: list[str]) -> None:
        found.append(frames)

    draw()
    return found


async def test_a_client_that_takes_nothing_loses_its_socket_and_keeps_nobody_waiting(
    address: DatabaseAddress, clock: TurnableClock, simulator: str
) -> None:
    limits = LiveLimits(send_seconds=0.3, connections=2)
    async with serve_product(address, clock, simulator, live=limits) as product:
        tenant = await product.tenant()
        contacts = await add_contacts(product, tenant, plain_numbers(1))
        async with looking(tenant.machine) as deaf, looking(tenant.machine) as other:
            await deaf.subscribe(ALLOWANCE)
            await other.subscribe(ALLOWANCE)
            deaf.connection.transport.pause_reading()
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(2):
                    while True:  # until the pongs that it does not take fill all buffers
                        await deaf.send(type="ping", payload={"much": "x" * 200_000})
            accepted = await send(tenant.machine, contacts)
            assert await other.data() == {"allowanceChanged": accepted["allowance"]}

            async def free() -> bool:
                try:
                    async with looking(tenant.machine) as again:
                        await again.quiet()
                except ConnectionClosed:
                    return False
                return True

            await until(free)  # its place is another's
            deaf.connection.transport.abort()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_thousand_sockets_are_told_once_each(
    address: DatabaseAddress, clock: TurnableClock, simulator: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8_192), hard), hard))
    async with serve_product(address, clock, simulator, live=LiveLimits(connections=THOUSAND)) as product:
        tenant, other = await product.tenant(), await product.tenant()
        contacts = await add_contacts(product, tenant, plain_numbers(1))
        async with AsyncExitStack() as stack:
            foreign = await stack.enter_async_context(looking(other.machine))
            await foreign.subscribe(ALLOWANCE)
            sockets: list[Socket] = []
            for _ in range(THOUSAND):
                sockets.append(await stack.enter_async_context(looking(tenant.machine)))
                await sockets[-1].subscribe(ALLOWANCE)
            accepted = await send(tenant.machine, contacts)
            told = await asyncio.gather(*(socket.data() for socket in sockets))
            assert told == [{"allowanceChanged": accepted["allowance"]}] * THOUSAND
            await asyncio.gather(*(socket.quiet() for socket in [*sockets, foreign]))
