"""The way back from the provider: bound to this browser and this sign-in, once; the ids are those of the checks."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from auth.external.transaction import TRANSACTION_COOKIE
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.encryption import SecretBox
from tests.auth.external.browser import CALLBACK, Browser, browser, parameters
from tests.auth.external.lying_provider import NOTHING, LyingProvider
from tests.auth.stored import everything_stored

NOT_PROVEN = "Falcon ID did not confirm who you are, or it took too long, or was finished elsewhere. Try again."


async def leave(victim: Browser, liar: LyingProvider, return_to: str = "/page") -> dict[str, str]:
    """Leave for the provider; the response that an honest one would send back."""
    asked = parameters(await victim.leave(return_to))
    return {"code": asked["nonce"], "state": asked["state"], "iss": liar.issuer}


async def assert_nobody(victim: Browser) -> None:
    """Nobody has a session or an account."""
    assert await victim.who() == "nobody"
    async with victim.house.database.as_role(DatabaseRole.AUTH) as tx:
        for table in ("session", "person", "external_identity", "pending_sign_in"):
            assert await tx.value(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  constants


async def test_an_honest_response_signs_in(victim: Browser, liar: LyingProvider) -> None:
    answer = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/page")
    assert (await victim.who()).startswith("member:")
    assert TRANSACTION_COOKIE not in victim.cookies


Response = dict[str, str]
BAD: dict[str, Callable[[Response], Response | list[tuple[str, str]]]] = {
    "BF-01 without state": lambda sent: {"code": sent["code"], "iss": sent["iss"]},
    "BF-01 empty state": lambda sent: sent | {"state": ""},
    "BF-01 foreign state": lambda sent: sent | {"state": "x" * len(sent["state"])},
    "BF-01 state beyond ASCII": lambda sent: sent | {"state": "ü\x00"},
    "BF-01 repeated state": lambda sent: [*sent.items(), ("state", sent["state"])],
    "BF-01 repeated code": lambda sent: [*sent.items(), ("code", "another")],
    "BF-02 another iss": lambda sent: sent | {"iss": "https://evil.example.com"},
    "BF-02 iss with a slash more": lambda sent: sent | {"iss": sent["iss"] + "/"},
    "BF-02 empty iss": lambda sent: sent | {"iss": ""},
    "BF-02 without the promised iss": lambda sent: {"code": sent["code"], "state": sent["state"]},
    "without code": lambda sent: {"state": sent["state"], "iss": sent["iss"]},
    "empty code": lambda sent: sent | {"code": ""},
    "an error": lambda sent: {"error": "access_denied", "state": sent["state"], "iss": sent["iss"]},
    "an error beside the code": lambda sent: sent | {"error": "server_error", "error_description": "<b>evil</b>"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_bad_response_is_a_400_and_no_session(
    victim: Browser, liar: LyingProvider, bad: Callable[[Response], Response | list[tuple[str, str]]]
) -> None:
    answer = await victim.get(f"{CALLBACK}?{urlencode(bad(await leave(victim, liar)))}")
    assert answer.status_code == 400
    assert NOT_PROVEN in answer.text
    assert "evil" not in answer.text
    assert TRANSACTION_COOKIE not in victim.cookies
    assert liar.asked["/token"] == 0
    await assert_nobody(victim)


async def test_bf_01_a_replayed_response_is_a_400(victim: Browser, liar: LyingProvider) -> None:
    back = f"{CALLBACK}?{urlencode(await leave(victim, liar))}"
    assert (await victim.get(back)).status_code == 303
    first = victim.session
    answer = await victim.get(back)
    assert (answer.status_code, victim.session) == (400, first)
    assert liar.asked["/token"] == 1


async def test_bf_01_a_response_that_failed_is_not_tried_again(victim: Browser, liar: LyingProvider) -> None:
    sent = await leave(victim, liar)
    assert (await victim.get(f"{CALLBACK}?{urlencode(sent | {'state': 'foreign'})}")).status_code == 400
    assert (await victim.get(f"{CALLBACK}?{urlencode(sent)}")).status_code == 400
    await assert_nobody(victim)


async def test_bf_02_an_iss_that_was_not_promised_may_lack_but_not_lie(victim: Browser, liar: LyingProvider) -> None:
    liar.metadata = {"authorization_response_iss_parameter_supported": False}
    sent = await leave(victim, liar)
    answer = await victim.get(f"{CALLBACK}?{urlencode(sent | {'iss': 'https://evil.example.com'})}")
    assert answer.status_code == 400
    await assert_nobody(victim)
    sent = await leave(victim, liar)
    del sent["iss"]
    assert (await victim.get(f"{CALLBACK}?{urlencode(sent)}")).status_code == 303


async def test_bf_03_another_browser_gets_nothing_for_it(victim: Browser, liar: LyingProvider) -> None:
    begun = await leave(victim, liar)
    async with browser(victim.house) as another:
        answer = await another.get(f"{CALLBACK}?{urlencode(begun)}")
        assert (answer.status_code, another.session) == (400, None)
        await leave(another, liar)  # a transaction of its own does not help
        answer = await another.get(f"{CALLBACK}?{urlencode(begun)}")
        assert (answer.status_code, another.session) == (400, None)
    assert liar.asked["/token"] == 0
    await assert_nobody(victim)


async def test_bf_03_a_transaction_is_over_after_ten_minutes(victim: Browser, liar: LyingProvider) -> None:
    begun = await leave(victim, liar)
    victim.house.clock.advance(timedelta(minutes=10))
    assert (await victim.get(f"{CALLBACK}?{urlencode(begun)}")).status_code == 400
    await assert_nobody(victim)


async def test_bf_03_a_transaction_that_was_not_sealed_here_is_none(victim: Browser, liar: LyingProvider) -> None:
    begun = await leave(victim, liar)
    sealed = victim.cookies[TRANSACTION_COOKIE]
    opened = SecretBox("a made-up secret of enough characters").decrypt(sealed.encode())
    box = SecretBox("another made-up secret of enough characters")
    for forged in (sealed[:-4] + "AAA=", "", "%00", box.encrypt(opened).decode(), opened.decode()):
        victim.cookies[TRANSACTION_COOKIE] = forged
        assert (await victim.get(f"{CALLBACK}?{urlencode(begun)}")).status_code == 400
    await assert_nobody(victim)
    victim.cookies[TRANSACTION_COOKIE] = sealed
    assert (await victim.get(f"{CALLBACK}?{urlencode(begun)}")).status_code == 303


async def test_the_transaction_cookie_is_this_hosts_alone_and_short_lived(victim: Browser, liar: LyingProvider) -> None:
    answer = await victim.post("/sign-in/external")
    header = answer.headers["set-cookie"]
    assert header.startswith(f"{TRANSACTION_COOKIE}=")
    attributes = header.partition("; ")[2].split("; ")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax", "Secure"]
    assert parameters(await victim.leave())["state"] not in victim.cookies[TRANSACTION_COOKIE]


FOREIGN = ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]


@pytest.mark.parametrize("return_to", FOREIGN, ids=lambda each: f"BF-14 {each}")
async def test_nobody_is_sent_elsewhere_after_signing_in(victim: Browser, liar: LyingProvider, return_to: str) -> None:
    failed = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar, return_to) | {'code': ''})}")
    assert 'name="return_to" value="/"' in failed.text
    answer = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar, return_to))}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_bf_14_a_path_that_no_cookie_holds_is_left_out(victim: Browser, liar: LyingProvider) -> None:
    answer = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar, '/' + 'x' * 1024))}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    answer = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar, '/' + 'x' * 1023))}")
    assert answer.headers["location"] == "/" + "x" * 1023


async def test_bf_05_no_token_reaches_the_browser_the_log_or_the_database(
    victim: Browser,
    liar: LyingProvider,
    superuser: DatabaseAddress,
    address: DatabaseAddress,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")
    assert (await victim.who()).startswith("member:")
    liar.claims = {"aud": "another"}
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 400
    liar.claims, liar.userinfo = {"sub": "liar-2", "email": NOTHING}, {"sub": "another"}
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 400
    assert "ID token" in caplog.text
    assert len(liar.given) == 9
    kept = "\n".join(await everything_stored(superuser.to(database=address.database)))
    assert "liar-1" in kept
    everything = "\n".join([*victim.seen, *victim.cookies.values(), caplog.text, kept])
    for token in liar.given:
        assert token not in everything
        assert token.encode().hex() not in everything


async def test_bf_13_no_token_is_held_so_none_is_refreshed(victim: Browser, liar: LyingProvider) -> None:
    await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")
    asked = liar.asked.total()
    victim.house.clock.advance(timedelta(hours=1))  # the provider's tokens are good for a minute
    assert victim.session
    answers = await asyncio.gather(*(victim.house.who_by_cookie(victim.session) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert liar.asked.total() == asked
