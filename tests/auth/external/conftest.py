"""A portal where people sign in at a provider: the real one, and one that lies."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from auth.external.settings import SignInMethods
from portal.database import Database
from tests.auth.external.browser import CALLBACK, Browser, browser
from tests.auth.external.lying_provider import LyingProvider, serving_liar
from tests.auth.external.real_provider import RealProvider, serving_provider
from tests.auth.house import House, serve
from tests.serving import free_port
from tests.turnable_clock import TurnableClock


@pytest.fixture(scope="session")
def provider() -> Iterator[RealProvider]:
    """The real provider, one for all tests of a worker."""
    with serving_provider() as provider:
        yield provider


@pytest.fixture
async def house(database: Database, clock: TurnableClock, provider: RealProvider) -> AsyncIterator[House]:
    """The portal, registered at the real provider."""
    listening = free_port()
    registered = await provider.registration(f"http://localhost:{listening.getsockname()[1]}{CALLBACK}")
    methods = SignInMethods(provider=registered)
    async with serve(database, clock, listening=listening, sign_in_methods=methods) as house:
        yield house


@pytest.fixture
async def olgas(house: House) -> AsyncIterator[Browser]:
    """Olga's browser."""
    async with browser(house) as olgas:
        yield olgas


@pytest.fixture
async def oscars(house: House) -> AsyncIterator[Browser]:
    """Oscar's browser."""
    async with browser(house) as oscars:
        yield oscars


@pytest.fixture
async def twenty(house: House) -> AsyncIterator[list[Browser]]:
    """Twenty people's browsers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(browser(house)) for _ in range(20)]


@pytest.fixture
async def liar(clock: TurnableClock) -> AsyncIterator[LyingProvider]:
    """A provider that says what the test wants."""
    async with serving_liar(clock) as liar:
        yield liar


@pytest.fixture
async def victim(database: Database, clock: TurnableClock, liar: LyingProvider) -> AsyncIterator[Browser]:
    """A browser at a portal that trusts the lying provider."""
    methods = SignInMethods(provider=liar.settings)
    async with serve(database, clock, sign_in_methods=methods) as house, browser(house) as victim:
        yield victim
