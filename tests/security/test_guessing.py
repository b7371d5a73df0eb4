"""Passwords cannot be guessed faster by guessing them all at once."""

import asyncio
from collections import Counter

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.passwords import Passwords
from auth.people import create_person
from auth.sign_in import SignIn
from auth.throttle import Throttle
from portal.database import Database, DatabaseRole
from tests.auth.house import turn_to_a_window
from tests.turnable_clock import TurnableClock

EMAIL = "olga@example.com"
RIGHT = "correct horse battery staple"
CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


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
