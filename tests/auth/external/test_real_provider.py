"""The whole way to a real provider and back; the ids are those of the list of checks."""

import asyncio
from datetime import timedelta

from tests.auth.external.browser import Browser, parameters
from tests.auth.external.real_provider import RealProvider
from tests.auth.house import House

OLGA = {"sub": "olga-1", "name": "Olga", "email": "olga@example.com", "verified": "yes"}


async def test_somebody_signs_in_at_the_provider_and_goes_where_they_wanted(house: House, olgas: Browser) -> None:
    url = await olgas.leave("/page?first=5")
    asked = parameters(url)
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["scope"], asked["redirect_uri"]) == (
        "openid profile email",
        f"{house.public_url}/sign-in/external/callback",
    )
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    answer = await olgas.get(await olgas.log_in(url, **OLGA))
    assert (answer.status_code, answer.headers["location"]) == (303, "/page?first=5")
    assert (await olgas.who()).startswith("member:")


async def test_twenty_sign_in_at_once_while_the_provider_changes_its_keys(
    house: House, provider: RealProvider, twenty: list[Browser]
) -> None:
    async def on_the_way(number: int, browser: Browser) -> str:
        who = {"sub": f"twenty-{number}", "email": f"twenty-{number}@example.com", "verified": "yes"}
        return await browser.log_in(await browser.leave(), **who)

    everybody: list[set[str]] = []
    for withdraw in (None, False, True):
        backs = await asyncio.gather(*(on_the_way(*each) for each in enumerate(twenty)))
        if withdraw is not None:
            await provider.rotate(withdraw=withdraw)
        answers = await asyncio.gather(*(each.get(back) for each, back in zip(twenty, backs, strict=True)))
        assert {answer.status_code for answer in answers} == {303}
        everybody.append({await each.who() for each in twenty})
        house.clock.advance(timedelta(seconds=5))  # keys are looked for no more often
    assert len(everybody[0]) == 20
    assert everybody[0] == everybody[1] == everybody[2]


async def test_whoever_cancels_at_the_provider_is_told_and_may_try_again(house: House, olgas: Browser) -> None:
    answer = await olgas.sign_in(sub="")
    assert answer.status_code == 400
    assert "Falcon ID did not confirm who you are" in answer.text
    assert await olgas.who() == "nobody"
    assert (await olgas.sign_in(**OLGA)).status_code == 303
    assert (await olgas.who()).startswith("member:")


async def test_bf_07_a_session_that_the_browser_had_before_ends(house: House, olgas: Browser) -> None:
    await olgas.sign_in(**OLGA)
    planted = olgas.session
    assert planted
    await olgas.sign_in(**OLGA)
    assert olgas.session != planted
    assert (await house.who_by_cookie(planted)).status_code == 401
    assert (await olgas.who()).startswith("member:")
