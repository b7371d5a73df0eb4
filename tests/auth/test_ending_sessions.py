"""Signing out everywhere while a session is being made: whatever is under way, nothing gets past it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2
import pyotp
from pwdlib import PasswordHash

from auth.authentication import SESSION_COOKIE
from auth.passwords import Passwords, set_password
from auth.permissions import TenantRole
from auth.sign_in import SignIn, SignInOutcome
from auth.sign_in_steps import PENDING_COOKIE
from portal.database import DatabaseRole
from tests.auth.house import PASSWORD, House, cookie, cookies_of
from tests.factories import CHEAP
from tests.waiting import until

_WAITING = (
    "SELECT count(DISTINCT pg_locks.pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE NOT granted AND datname = current_database()"
)


@asynccontextmanager
async def _held(house: House, person_id: UUID) -> AsyncIterator[None]:
    """Nobody makes a session of this person's meanwhile: all who would are caught half-way."""
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("SELECT FROM person WHERE id = $1 FOR UPDATE", person_id)
        yield


async def _begun(
    house: House, step: Coroutine[Any, Any, httpx2.Response], waiting: int
) -> asyncio.Task[httpx2.Response]:
    """The step, come as far as it can; `waiting` is how many have stopped by then."""

    async def stopped() -> bool:
        async with house.database.as_role(DatabaseRole.AUTH) as tx:
            return bool(await tx.value(_WAITING) == waiting)

    task = asyncio.create_task(step)
    await until(stopped)
    return task


async def _open_sessions(house: House) -> object:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        return await tx.value("SELECT count(*) FROM session WHERE ended_at IS NULL")


async def _sign_out_everywhere(house: House, session: str) -> httpx2.Response:
    return await house.submit("/account/sign-out-everywhere", {}, Cookie=cookie(session))


async def test_bf_12_no_switch_of_tenant_gets_past_signing_out_everywhere(
    house: House, falcon: UUID, freestyle: UUID
) -> None:
    olga = await house.person("olga@example.com", roles=dict.fromkeys((falcon, freestyle), TenantRole.DEVELOPER))
    own, stolen = [await house.services.sessions.start(olga) for _ in range(2)]
    switch = house.submit("/session/tenant", {"tenant": str(freestyle)}, Cookie=cookie(stolen))
    async with _held(house, olga):
        switching = await _begun(house, switch, 1)
        signing_out = await _begun(house, _sign_out_everywhere(house, own), 2)
    assert (await signing_out).headers["location"] == "/sign-in"
    await switching
    assert await _open_sessions(house) == 0


async def test_bf_12_no_sign_in_under_way_gets_past_signing_out_everywhere(house: House) -> None:
    sam, secret = await house.staff("sam@example.com")
    own = await house.services.sessions.start(sam, second_factor=True)
    password = await house.submit("/sign-in", {"email": "sam@example.com", "password": PASSWORD})
    pending = f"{PENDING_COOKIE}={cookies_of(password)[PENDING_COOKIE]}"
    code = {"code": pyotp.TOTP(secret).at(house.clock.now())}
    async with _held(house, sam):
        signing_in = await _begun(house, house.submit("/sign-in/second-factor", code, Cookie=pending), 1)
        signing_out = await _begun(house, _sign_out_everywhere(house, own), 2)
    assert (await signing_out).headers["location"] == "/sign-in"
    assert (await house.who_by_cookie(cookies_of(await signing_in).get(SESSION_COOKIE, ""))).status_code == 401
    assert await _open_sessions(house) == 0


class _Slow(PasswordHash):
    """Argon2 on a machine that is busy until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(CHEAP.hashers)
        self.compared, self.go_on = threading.Event(), threading.Event()

    def verify_and_update(self, password: str | bytes, hash: str | bytes) -> tuple[bool, str | None]:  # noqa: A002  pwdlib's name
        verdict = super().verify_and_update(password, hash)
        self.compared.set()
        self.go_on.wait(15)
        return verdict


async def test_bf_12_a_password_that_is_changed_while_it_is_compared_lets_nobody_in(house: House) -> None:
    olga, slow = await house.person("olga@example.com"), _Slow()
    sign_in = SignIn(house.database, Passwords(slow), house.services.throttle)
    signing_in = asyncio.create_task(sign_in.check("olga@example.com", PASSWORD, address="192.0.2.1"))
    assert await asyncio.to_thread(slow.compared.wait, 15)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await set_password(tx, olga, CHEAP.hash("four quiet green owls"), at=house.clock.now())
    slow.go_on.set()
    assert await signing_in == SignInOutcome(None)
    assert (await sign_in.check("olga@example.com", "four quiet green owls", address="192.0.2.1")).person_id == olga
