"""Guessing is slowed down by account and by address, and nobody else is; the ids are those of the list of checks."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from starlette.requests import Request

from auth.throttle import Purpose, Throttle, address_of
from tests.auth.house import turn_to_a_window
from tests.turnable_clock import TurnableClock


@pytest.fixture
def throttle(clock: TurnableClock) -> Throttle:
    turn_to_a_window(clock)
    return Throttle(clock)


async def _attempts(throttle: Throttle, number: int, account: str, address: str) -> Counter[int]:
    return Counter([await throttle.attempt(Purpose.SIGN_IN, account, address) for _ in range(number)])


async def test_an_account_is_guessed_at_ten_times_from_one_address(throttle: Throttle) -> None:
    assert await _attempts(throttle, 12, "olga", "10.0.0.1") == {0: 10, 900: 2}
    assert await throttle.attempt(Purpose.SIGN_IN, "olga", "10.0.0.2") == 0
    assert await throttle.attempt(Purpose.SIGN_IN, "adam", "10.0.0.1") == 0
    assert await throttle.attempt(Purpose.TOKEN, "olga", "10.0.0.1") == 0


async def test_an_account_is_guessed_at_a_hundred_times_from_everywhere(throttle: Throttle) -> None:
    waits = Counter[int]()
    for host in range(11):
        waits += await _attempts(throttle, 10, "olga", f"10.0.0.{host}")
    assert waits == {0: 100, 3600: 10}
    assert await throttle.attempt(Purpose.SIGN_IN, "adam", "10.0.0.1") == 0


async def test_one_address_guesses_a_hundred_times_at_whomever(throttle: Throttle) -> None:
    waits = Counter([await throttle.attempt(Purpose.SIGN_IN, f"person {n}", "10.0.0.1") for n in range(110)])
    assert waits == {0: 100, 900: 10}
    assert await throttle.attempt(Purpose.SIGN_IN, "person 0", "10.0.0.2") == 0


async def test_without_an_address_accounts_have_nothing_in_common(throttle: Throttle) -> None:
    waits = Counter([await throttle.attempt(Purpose.MAIL, f"person {n % 50}", None) for n in range(300)])
    assert waits == {0: 250, 3600: 50}


async def test_one_stranger_who_goes_on_and_on_locks_nobody_out(throttle: Throttle) -> None:
    assert await _attempts(throttle, 1000, "olga", "10.0.0.1") == {0: 10, 900: 990}
    assert await _attempts(throttle, 10, "olga", "10.0.0.2") == {0: 10}


async def test_the_wait_is_as_long_as_it_says(throttle: Throttle, clock: TurnableClock) -> None:
    clock.advance(timedelta(minutes=4))
    assert await _attempts(throttle, 11, "olga", "10.0.0.1") == {0: 10, 660: 1}
    clock.advance(timedelta(seconds=659))
    assert await throttle.attempt(Purpose.SIGN_IN, "olga", "10.0.0.1") == 1
    clock.advance(timedelta(seconds=1))
    assert await throttle.attempt(Purpose.SIGN_IN, "olga", "10.0.0.1") == 0


async def test_who_is_right_uses_nothing_up(throttle: Throttle) -> None:
    for _ in range(300):
        assert await throttle.attempt(Purpose.SIGN_IN, "olga", "10.0.0.1") == 0
        await throttle.succeeded(Purpose.SIGN_IN, "olga", "10.0.0.1")
    assert await _attempts(throttle, 11, "olga", "10.0.0.1") == {0: 10, 900: 1}


async def test_of_many_at_once_no_more_are_let_through(throttle: Throttle) -> None:
    waits = await asyncio.gather(*(throttle.attempt(Purpose.SIGN_IN, "olga", "10.0.0.1") for _ in range(50)))
    assert Counter(waits) == {0: 10, 900: 40}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_stands_for_all_that_its_holder_has(host: str, address: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1)})) == address
