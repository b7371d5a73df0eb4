"""Whose account it is: an identity is linked by issuer and subject, and an e-mail address opens nobody's."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from tests.auth.external.browser import CALLBACK, Browser, browser, leaving_to
from tests.auth.external.lying_provider import LyingProvider
from tests.auth.external.test_responses import leave
from tests.auth.house import PASSWORD, House

OLGA = {"sub": "olga-1", "name": "Olga", "email": "olga@example.com", "verified": "yes"}
TO_SIGN_IN = "Sign in to it as usual, then link Falcon ID in your account."


async def _counts(house: House) -> tuple[int, int, int]:
    """People, identities, sessions."""
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        people = await tx.value("SELECT count(*) FROM person")
        identities = await tx.value("SELECT count(*) FROM external_identity")
        return people, identities, await tx.value("SELECT count(*) FROM session")


async def _sign_in_by_password(browser: Browser, email: str = "olga@example.com") -> None:
    answer = await browser.post("/sign-in", {"email": email, "password": PASSWORD})
    assert answer.status_code == 303


async def test_an_unknown_identity_gets_an_account_without_password_or_tenant(house: House, olgas: Browser) -> None:
    await olgas.sign_in(**OLGA)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        row = await tx.row("SELECT id, email, name, password_hash, staff_role, email_verified_at FROM person")
        identity = await tx.row("SELECT issuer, subject, person_id FROM external_identity")
        memberships = await tx.value("SELECT count(*) FROM membership")
    assert row
    assert identity
    assert (row["email"], row["name"]) == ("olga@example.com", "Olga")
    assert (row["password_hash"], row["staff_role"], memberships) == (None, None, 0)
    assert row["email_verified_at"] == house.clock.now()
    assert house.services.external
    assert identity["issuer"] == house.services.external.provider.settings.issuer
    assert (identity["subject"], identity["person_id"]) == ("olga-1", row["id"])
    assert await olgas.who() == f"member:{row['id']}"
    assert (await house.submit("/sign-in", {"email": "olga@example.com", "password": ""})).status_code == 401


async def test_the_subject_is_who_it_is_whatever_the_address_becomes(
    house: House, olgas: Browser, oscars: Browser
) -> None:
    await olgas.sign_in(**OLGA)
    olga = await olgas.who()
    await house.person("oscar@example.com")
    await oscars.sign_in(**OLGA | {"email": "oscar@example.com", "name": "Oscar", "verified": "yes"})
    assert await oscars.who() == olga
    assert (await _counts(house))[:2] == (2, 1)


async def test_rs_36_the_same_subject_of_another_issuer_is_somebody_else(house: House, olgas: Browser) -> None:
    namesake = await house.person("namesake@example.com")
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO external_identity (issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4)",
            *("https://another.example.com", OLGA["sub"], namesake, house.clock.now()),
        )
    await olgas.sign_in(**OLGA)
    assert await olgas.who() not in {"nobody", f"member:{namesake}"}
    assert (await _counts(house))[:2] == (2, 2)


@pytest.mark.parametrize(
    "said",
    [{"verified": "no"}, {"email": ""}, {"email": "no address"}],
    ids=["unverified", "none", "no address"],
)
async def test_without_a_verified_address_no_account_is_made(
    house: House, olgas: Browser, said: dict[str, str]
) -> None:
    answer = await olgas.sign_in(**OLGA | {"sub": "nobody"} | said)
    assert answer.status_code == 403
    assert "Falcon ID does not confirm that an e-mail address is yours" in answer.text
    assert await _counts(house) == (0, 0, 0)


async def test_an_address_of_an_existing_account_opens_it_to_nobody(house: House, olgas: Browser, falcon: UUID) -> None:
    await house.person("olga@example.com", roles={falcon: TenantRole.OWNER})
    answer = await olgas.sign_in(**OLGA | {"email": "OLGA@example.com"})
    assert answer.status_code == 403
    assert TO_SIGN_IN in answer.text
    assert await olgas.who() == "nobody"
    assert await _counts(house) == (1, 0, 0)


async def test_twenty_first_sign_ins_at_once_make_one_account(victim: Browser, liar: LyingProvider) -> None:
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(browser(victim.house)) for _ in range(20)]
        backs = [f"{CALLBACK}?{urlencode(await leave(each, liar))}" for each in browsers]
        answers = await asyncio.gather(*(each.get(back) for each, back in zip(browsers, backs, strict=True)))
        assert [answer.status_code for answer in answers] == [303] * 20
        assert len({await each.who() for each in browsers}) == 1
    assert await _counts(victim.house) == (1, 1, 20)


async def test_an_identity_that_is_linked_from_ones_account_signs_in_to_it(
    house: House, olgas: Browser, oscars: Browser, falcon: UUID
) -> None:
    olga = await house.person("olga@example.com", roles={falcon: TenantRole.OWNER})
    await _sign_in_by_password(olgas)
    back = await olgas.log_in(leaving_to(await olgas.post("/account/external/link")), **OLGA | {"email": ""})
    answer = await olgas.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=linked")
    assert "From now on you can sign in with it, too." in (await olgas.get(answer.headers["location"])).text
    assert await _counts(house) == (1, 1, 1)
    [mail] = await house.mails()
    assert mail.to == "olga@example.com"
    assert mail.text.startswith("You can sign in with Falcon ID from now on.")
    await oscars.sign_in(**OLGA)
    assert await oscars.who() == f"member:{olga}"
    assert oscars.session
    assert (await house.who_by_cookie(oscars.session)).json()["tenant"] == str(falcon)


async def test_to_link_again_changes_nothing(house: House, olgas: Browser) -> None:
    await olgas.sign_in(**OLGA)
    back = await olgas.log_in(leaving_to(await olgas.post("/account/external/link")), **OLGA)
    assert (await olgas.get(back)).status_code == 303
    assert (await _counts(house))[:2] == (1, 1)
    assert await house.mails() == []


async def test_an_identity_of_another_person_is_not_linked(house: House, olgas: Browser, oscars: Browser) -> None:
    await olgas.sign_in(**OLGA)
    oscar = await house.person("oscar@example.com")
    await _sign_in_by_password(oscars, "oscar@example.com")
    answer = await oscars.get(await oscars.log_in(leaving_to(await oscars.post("/account/external/link")), **OLGA))
    assert answer.status_code == 403
    assert "This identity is linked with another account." in answer.text
    assert await oscars.who() == f"member:{oscar}"
    assert (await _counts(house))[:2] == (2, 1)


async def test_who_links_has_to_be_signed_in_as_whoever_began(house: House, olgas: Browser) -> None:
    answer = await olgas.post("/account/external/link")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?return_to=/account")
    await house.person("olga@example.com")
    await house.person("oscar@example.com")
    await _sign_in_by_password(olgas)
    back = await olgas.log_in(leaving_to(await olgas.post("/account/external/link")), **OLGA)
    await _sign_in_by_password(olgas, "oscar@example.com")
    answer = await olgas.get(back)
    assert answer.status_code == 400
    assert "Nothing was linked." in answer.text
    assert (await _counts(house))[:2] == (2, 0)


async def test_who_links_has_to_have_proven_lately_who_it_is(house: House, olgas: Browser) -> None:
    await house.person("olga@example.com")
    await _sign_in_by_password(olgas)
    house.clock.advance(timedelta(minutes=15))
    for path in ("/account/external/link", "/account/external/unlink"):
        answer = await olgas.post(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/confirm?return_to=/account")


async def test_an_identity_that_is_unlinked_opens_nothing(house: House, olgas: Browser, oscars: Browser) -> None:
    olga = await house.person("olga@example.com")
    await _sign_in_by_password(olgas)
    await olgas.get(await olgas.log_in(leaving_to(await olgas.post("/account/external/link")), **OLGA))
    assert "Unlink it" in (await olgas.get("/account")).text
    answer = await olgas.post("/account/external/unlink")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=unlinked")
    assert "Link Falcon ID" in (await olgas.get("/account")).text
    assert {mail.text.splitlines()[0] for mail in await house.mails()} == {
        "You can sign in with Falcon ID from now on.",
        "You can no longer sign in with Falcon ID.",
    }
    assert (await oscars.sign_in(**OLGA)).status_code == 403
    assert await oscars.who() == "nobody"
    assert await olgas.who() == f"member:{olga}"
    assert (await _counts(house))[:2] == (1, 0)


async def test_whoever_has_no_password_keeps_the_identity(house: House, olgas: Browser) -> None:
    await olgas.sign_in(**OLGA)
    answer = await olgas.post("/account/external/unlink")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=only-way")
    assert "it is your only way to sign in" in (await olgas.get(answer.headers["location"])).text
    assert (await _counts(house))[:2] == (1, 1)


@pytest.mark.parametrize("path", ["/sign-in/external", "/account/external/unlink", "/account/external/link"])
async def test_bf_08_no_other_site_begins_a_sign_in_or_a_link(house: House, olgas: Browser, path: str) -> None:
    await house.person("olga@example.com")
    await _sign_in_by_password(olgas)
    assert olgas.session
    for forged in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = await house.submit(path, {"return_to": "/"}, Cookie=f"__Host-portal_session={olgas.session}", **forged)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert (await house.http.get(path)).status_code == 405


async def test_a_disabled_account_stays_closed(house: House, olgas: Browser) -> None:
    await olgas.sign_in(**OLGA)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET disabled_at = $1", house.clock.now())
    answer = await olgas.sign_in(**OLGA)
    assert answer.status_code == 403
    assert "Your account is closed." in answer.text
    assert await olgas.who() == "nobody"


async def test_the_isvs_staff_still_need_a_second_factor(house: House, olgas: Browser) -> None:
    person = await house.person("olga@example.com", staff_role=StaffRole.ISV_OPERATOR)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert house.services.external
        issuer = house.services.external.provider.settings.issuer
        await tx.execute(
            "INSERT INTO external_identity (issuer, subject, person_id, created_at) VALUES ($1, 'olga-1', $2, $3)",
            *(issuer, person, house.clock.now()),
        )
    answer = await olgas.sign_in(**OLGA)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/enrol")
    assert await olgas.who() == "nobody"
    assert (await _counts(house))[2] == 0
