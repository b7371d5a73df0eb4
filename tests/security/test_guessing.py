"""Passwords cannot be guessed faster by guessing them all at once."""

import asyncio
from collections import Counter

import httpx2
import pytest
from limits.aio.storage import MemoryStorage
from pydantic import SecretStr

from auth.passwords import Passwords
from auth.people import create_person
from auth.sign_in import SignIn
from auth.throttle import Throttle
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from tests.auth.house import turn_to_a_window
from tests.factories import CHEAP
from tests.product import product
from tests.turnable_clock import TurnableClock


class Away(MemoryStorage):
    """Counters on a server that does not answer."""

    STORAGE_SCHEME = ["async+away"]  # noqa: RUF012  the library reads a plain list

    @property
    def base_exceptions(self) -> type[Exception]:
        return ConnectionError

    async def incr(self, *_: object, **__: object) -> int:
        raise ConnectionError


EMAIL = "olga@example.com"
RIGHT = "correct horse battery staple"


@pytest.fixture
async def sign_in(database: Database, clock: TurnableClock) -> SignIn:
    async with database.as_role(DatabaseRole.AUTH) as tx:
        await create_person(tx, clock.now(), email=EMAIL, name="Olga", password_hash=CHEAP.hash(RIGHT))
    turn_to_a_window(clock)
    return SignIn(database, Passwords(CHEAP), Throttle(clock))


async def test_of_many_guesses_at_once_ten_are_tried(sign_in: SignIn) -> None:
    guesses = (sign_in.check(EMAIL, f"guess {n}", address="10.0.0.1") for n in range(25))
    outcomes = await asyncio.gather(*guesses)
    assert Counter(outcome.seconds_to_wait for outcome in outcomes) == {0: 10, 900: 15}
    outcome = await sign_in.check(EMAIL, RIGHT, address="10.0.0.1")
    assert (outcome.person_id, outcome.seconds_to_wait) == (None, 900)


async def test_who_knows_the_password_signs_in_on_several_machines_at_once(sign_in: SignIn) -> None:
    for _ in range(3):
        outcomes = await asyncio.gather(*(sign_in.check(EMAIL, RIGHT, address="10.0.0.1") for _ in range(8)))
        assert all(outcome.person_id is not None for outcome in outcomes)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/sign-in", {"email": EMAIL, "password": RIGHT}),
        ("/oauth/token", {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}),
        ("/password/forgotten", {"email": EMAIL}),
    ],
)
async def test_while_failures_cannot_be_counted_nothing_is_tried(
    address: DatabaseAddress, clock: TurnableClock, simulator: str, path: str, fields: dict[str, str]
) -> None:
    async with (
        product(address, clock, simulator, limits_url=SecretStr("away://")) as served,
        httpx2.AsyncClient(base_url=served.url, trust_env=False, timeout=60) as http,
    ):
        async with served.database.as_role(DatabaseRole.AUTH) as tx:
            await create_person(tx, clock.now(), email=EMAIL, name="Olga", password_hash=CHEAP.hash(RIGHT))
        answer = await http.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        async with served.database.as_role(DatabaseRole.AUTH) as tx:
            counts = [await tx.value(f"SELECT count(*) FROM {table}") for table in ("session", "mailed_link")]  # noqa: S608  names of this test
    assert counts == [0, 0]
