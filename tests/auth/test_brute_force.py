"""Guessing at the two doors, from real addresses of this machine: bounded by account and by address, nobody else is."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import httpx2
import pytest

from auth.permissions import Permission, TenantRole
from tests.auth.house import PASSWORD, House, turn_to_a_window

Try = Callable[[str, str, int], Awaitable[int]]  # whose, right or wrong, from which address: the status
RIGHT = {"sign-in": 303, "token": 200}


@pytest.fixture
async def clients(house: House) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """Twelve machines: loopback has more than one address."""
    turn_to_a_window(house.clock)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx2.AsyncClient(
                    base_url=house.http.base_url,
                    transport=httpx2.AsyncHTTPTransport(local_address=f"127.0.0.{host}"),
                    timeout=60,
                )
            )
            for host in range(10, 22)
        ]


@pytest.fixture(params=["sign-in", "token"])
async def door(
    request: pytest.FixtureRequest, house: House, falcon: UUID, clients: list[httpx2.AsyncClient]
) -> tuple[str, Try]:
    """One of the two, with two who may come in: "olga" and "adam"."""
    if request.param == "sign-in":
        for name in ("olga", "adam"):
            await house.person(f"{name}@example.com", roles={falcon: TenantRole.DEVELOPER})

        async def sign_in(who: str, how: str, host: int) -> int:
            fields = {"email": f"{who}@example.com", "password": PASSWORD if how == "right" else how}
            return (
                await clients[host].post("/sign-in", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
            ).status_code

        return "sign-in", sign_in
    known = {name: await house.api_client(falcon, Permission.USAGE_READ) for name in ("olga", "adam")}

    async def token(who: str, how: str, host: int) -> int:
        client = known.get(who)
        own = (client.client_id, client.client_secret) if client else (who, "none")
        sent = own if how == "right" else (own[0], how)
        answer = await clients[host].post("/oauth/token", data={"grant_type": "client_credentials"}, auth=sent)
        return answer.status_code

    return "token", token


async def test_as_34_an_account_is_guessed_at_a_hundred_times_from_wherever(door: tuple[str, Try]) -> None:
    name, attempt = door
    tried = Counter([await attempt("olga", "wrong", host) for host in range(11) for _ in range(10)])
    assert tried == {401: 100, 429: 10}
    assert await attempt("olga", "right", 11) == 429
    assert await attempt("adam", "right", 11) == RIGHT[name]
    assert await attempt("adam", "right", 0) == RIGHT[name]


async def test_as_34_an_address_guesses_a_hundred_times_at_whomever(door: tuple[str, Try]) -> None:
    name, attempt = door
    tried = Counter([await attempt(f"somebody{n}", "wrong", 0) for n in range(110)])
    assert tried == {401: 100, 429: 10}
    assert await attempt("adam", "right", 0) == 429
    assert await attempt("adam", "right", 1) == RIGHT[name]


async def test_as_34_one_stranger_locks_nobody_out(door: tuple[str, Try]) -> None:
    name, attempt = door
    tried = Counter([await attempt("olga", "wrong", 0) for _ in range(150)])
    assert tried == {401: 10, 429: 140}
    assert await attempt("olga", "right", 1) == RIGHT[name]
