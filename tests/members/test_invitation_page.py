"""The page behind an invitation's address, as a browser without JavaScript uses it."""

import asyncio
from html import unescape

import httpx2
import pytest

from auth.authentication import PROOF_HEADER
from auth.invitations import LIFETIME
from portal.database import DatabaseRole
from tests.members.team import ME, Team, person
from tests.product import PASSWORD, Caller, Product
from tests.schema.world import contents_at

BEA = "bea@example.com"
NEW = {"name": "Bea Blum", "password": "correct horse battery"}


async def _get(product: Product, token: str, caller: Caller | None = None) -> tuple[int, str]:
    headers = {"Cookie": caller.headers["Cookie"]} if caller else {}
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        answer = await http.get(f"{product.url}/invitation", params={"token": token}, headers=headers)
    assert "script" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, " ".join(unescape(answer.text).split())


async def _post(
    product: Product, fields: dict[str, str], caller: Caller | None = None, *, path: str = "/invitation", site: str = ""
) -> httpx2.Response:
    headers = {"Sec-Fetch-Site": site or "same-origin"} | ({"Cookie": caller.headers["Cookie"]} if caller else {})
    # Ten passwords are hashed two at a time, on a machine that may be busy.
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        return await http.post(f"{product.url}{path}", data=fields, headers=headers)


def _caller(product: Product, answer: httpx2.Response) -> Caller:
    session = answer.headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": session, PROOF_HEADER: "1", "Sec-Fetch-Site": "same-origin"}
    return Caller(f"{product.url}/graphql", headers)


async def test_whoever_has_no_account_makes_one_and_is_a_member(product: Product, falcon: Team) -> None:
    token = await falcon.invite(BEA, "BILLING_MANAGER")
    status, text = await _get(product, token)
    assert status == 200
    assert "<strong>Owner</strong> invites you to <strong>Falcon Flights</strong>" in text
    assert "in the role of Billing Manager" in text
    assert 'value="bea@example.com"' in text
    answer = await _post(product, {"token": token, **NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    found = (await _caller(product, answer).run(ME))["viewer"]
    assert found["tenant"] == {"name": "Falcon Flights"}
    assert found["memberships"] == [{"role": "BILLING_MANAGER", "current": True}]
    async with product.database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        rows = await tx.rows("SELECT name, email_verified_at FROM person WHERE email = $1", BEA)
    assert [tuple(row) for row in rows] == [("Bea Blum", product.clock.now())]
    assert (await (await product.sign_in(BEA, NEW["password"])).run(ME))["viewer"]["tenant"] is not None
    assert (await _get(product, token))[0] == 404


async def test_whoever_has_an_account_signs_in_and_comes_back_to_join(product: Product, falcon: Team) -> None:
    await person(product, BEA)
    token = await falcon.invite(BEA)
    status, text = await _get(product, token)
    back = f"/sign-in?return_to=/invitation%3Ftoken%3D{token}"
    assert (status, back in text, "password" in text) == (200, True, False)
    fields = {"email": BEA, "password": PASSWORD, "return_to": f"/invitation?token={token}"}
    answer = await _post(product, fields, path="/sign-in")
    assert answer.headers["location"] == f"/invitation?token={token}"
    bea = _caller(product, answer)
    assert "Join Falcon Flights" in (await _get(product, token, bea))[1]
    joined = await _post(product, {"token": token}, bea)
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert (await falcon.roles())[BEA] == "DEVELOPER"
    assert (await _caller(product, joined).run(ME))["viewer"]["tenant"] == {"name": "Falcon Flights"}
    assert (await bea.post(query=ME)).status_code == 401  # the session with the new tenant took its place


async def test_whoever_is_in_another_tenant_goes_on_in_the_new_one(
    product: Product, falcon: Team, freestyle: Team
) -> None:
    token = await freestyle.invite(falcon.owner.email)
    joined = await _post(product, {"token": token}, falcon.owner.caller)
    found = (await _caller(product, joined).run(ME))["viewer"]
    assert found["tenant"] == {"name": "Freestyle Falcons"}
    assert found["memberships"] == [{"role": "OWNER", "current": False}, {"role": "DEVELOPER", "current": True}]


async def test_whoever_is_signed_in_as_somebody_else_is_told_and_can_sign_out(product: Product, falcon: Team) -> None:
    token = await falcon.invite(BEA)
    owner = falcon.owner
    status, text = await _get(product, token, owner.caller)
    assert status == 200
    assert f"It was sent to {BEA}, and you are signed in as {owner.email}." in text
    before = await contents_at(falcon.place)
    answer = await _post(product, {"token": token, **NEW}, owner.caller)
    assert (answer.status_code, await contents_at(falcon.place)) == (200, before)
    out = await _post(product, {"token": token}, owner.caller, path="/invitation/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, f"/invitation?token={token}")
    assert (await owner.caller.post(query=ME)).status_code == 401
    assert "Create the account" in (await _get(product, token))[1]


WRONG = {
    "no name": ({"name": " "}, "Type your name"),
    "a long name": ({"name": "x" * 101}, "Type your name"),
    "a name of two lines": ({"name": "Bea\nBlum"}, "Type your name"),
    "a short password": ({"password": "correct hor"}, "at least 12 characters"),
    "a password that is too long": ({"password": "x" * 1025}, "at most 1024 characters"),
    "the address as password": ({"password": "bea@example.com"}, "your e-mail address"),
}


@pytest.mark.parametrize(("change", "why"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_wrong_with_a_new_account_is_said_and_the_invitation_stays(
    change: dict[str, str], why: str, product: Product, falcon: Team
) -> None:
    token = await falcon.invite(BEA)
    before = await contents_at(falcon.place)
    answer = await _post(product, {"token": token, **NEW, **change})
    assert (answer.status_code, why in answer.text, "set-cookie" in answer.headers) == (400, True, False)
    assert await contents_at(falcon.place) == before
    assert (await _post(product, {"token": token, **NEW})).status_code == 303


async def test_tn_13_a_token_that_is_not_valid_shows_one_page_and_makes_no_account(
    product: Product, falcon: Team
) -> None:
    token = await falcon.invite(BEA)
    product.clock.advance(LIFETIME)
    pages = set()
    for given in (token, f"{token[:-1]}~", "", "x", "' OR true --", "é", f"{'0' * 32}.{'x' * 43}"):
        status, text = await _get(product, given)
        pages.add(text)
        answer = await _post(product, {"token": given, **NEW})
        assert (status, answer.status_code, "set-cookie" in answer.headers) == (404, 404, False)
    assert len(pages) == 1
    async with product.database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        assert await tx.value("SELECT count(*) FROM person WHERE email = $1", BEA) == 0
    assert BEA not in await falcon.roles()


async def test_tn_13_of_ten_who_make_the_account_at_once_one_is_signed_in(product: Product, falcon: Team) -> None:
    token = await falcon.invite(BEA)
    answers = await asyncio.gather(*(_post(product, {"token": token, **NEW}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 9
    assert await falcon.roles() == {falcon.owner.email: "OWNER", BEA: "DEVELOPER"}


async def test_a_form_of_another_site_accepts_nothing(product: Product, falcon: Team) -> None:
    await person(product, BEA)
    token, bea = await falcon.invite(BEA), await product.sign_in(BEA)
    for path in ("/invitation", "/invitation/sign-out"):
        answer = await _post(product, {"token": token, **NEW}, bea, path=path, site="cross-site")
        assert answer.status_code == 403
    assert (await bea.run(ME))["viewer"]["memberships"] == []
