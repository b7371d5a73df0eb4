"""The authorization endpoint and its consent: the ids are those of the list of checks."""

import json
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

import pytest
import pytest_asyncio

from auth.oauth.applications import disable_application
from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission, TenantRole
from portal.database import DatabaseRole
from tests.auth.house import PASSWORD, House, cookie, session_of
from tests.auth.oauth.third_party import REDIRECT_URI, STATE, ThirdParty, hidden_fields, member, register, told
from tests.factories import make_tenant


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def application(shared_house: House) -> ThirdParty:
    return await register(shared_house, Permission.CONTACTS_READ, Permission.USAGE_READ)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(shared_house: House) -> str:
    tenant = await make_tenant(shared_house.database, shared_house.clock)
    return (await member(shared_house, tenant))[1]


async def _grants(house: House) -> int:
    async with house.database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        count: int = await tx.value("SELECT count(*) FROM oauth_grant")
    return count


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "redirect_uri",
    [
        pytest.param("https://evil.example.com/callback", id="AS-01 another host"),
        pytest.param(REDIRECT_URI + "/", id="AS-01 a slash more"),
        pytest.param(REDIRECT_URI + "?x=1", id="AS-01 a query"),
        pytest.param(REDIRECT_URI + "#x", id="AS-01 a fragment"),
        pytest.param(REDIRECT_URI.upper(), id="AS-01 another case"),
        pytest.param(REDIRECT_URI + "/deeper", id="AS-01 a path below"),
        pytest.param("https://user@app.example.com/callback", id="AS-01 a user name"),
        pytest.param("https://app.example.com.evil.com/callback", id="AS-01 a host that looks alike"),
        pytest.param("https://app.example.com:443/callback", id="AS-01 a port"),
        pytest.param("http://app.example.com/callback", id="AS-01 not over TLS"),
        pytest.param("https://app.example.com/callback/../evil", id="AS-01 a way up"),
        pytest.param("javascript:alert(1)", id="AS-01 a script"),
        pytest.param("\0", id="AS-01 a NUL"),
        pytest.param('"<b>ä', id="AS-01 markup beyond ASCII"),
        pytest.param(None, id="AS-02 none"),
    ],
)
async def test_an_address_that_is_not_registered_is_never_gone_to(
    application: ThirdParty, session: str, redirect_uri: str | None
) -> None:
    for who in (session, None):
        answer = await application.ask(who, redirect_uri=redirect_uri)
        assert (answer.status_code, answer.headers.get("location")) == (400, None)
        assert "Nothing was allowed." in answer.text
        assert not redirect_uri or redirect_uri not in answer.text


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "client_id",
    [
        pytest.param("app_unknown", id="AS-04 unknown"),
        pytest.param("client_unknown", id="AS-04 a machine's"),
        pytest.param("\0", id="AS-04 a NUL"),
        pytest.param("x" * 5000, id="AS-04 too long"),
        pytest.param(None, id="AS-04 none"),
    ],
)
async def test_an_unknown_application_is_never_gone_to(
    application: ThirdParty, session: str, client_id: str | None
) -> None:
    answer = await application.ask(session, client_id=client_id)
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="AS-05 a token at once"),
        pytest.param({"response_type": "id_token"}, "unsupported_response_type", id="AS-05 an ID token"),
        pytest.param({"response_type": "code token"}, "unsupported_response_type", id="AS-05 both"),
        pytest.param({"response_type": '"ä\0'}, "unsupported_response_type", id="AS-05 letters beyond ASCII"),
        pytest.param({"response_type": None}, "invalid_request", id="AS-05 none"),
        pytest.param({"code_challenge": None}, "invalid_request", id="AS-07 no challenge"),
        pytest.param(
            {"code_challenge": None, "code_challenge_method": None}, "invalid_request", id="AS-07 no PKCE at all"
        ),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="AS-08 plain"),
        pytest.param({"code_challenge_method": None}, "invalid_request", id="AS-08 no method"),
        pytest.param({"code_challenge_method": "s256"}, "invalid_request", id="AS-08 another case"),
        pytest.param({"code_challenge": "c" * 42}, "invalid_request", id="AS-09 42 letters"),
        pytest.param({"code_challenge": "c" * 43 + "="}, "invalid_request", id="AS-09 padding"),
        pytest.param({"code_challenge": "c" * 43 + "\n"}, "invalid_request", id="AS-09 a line end"),
        pytest.param({"code_challenge": "ä" * 43}, "invalid_request", id="AS-09 beyond ASCII"),
        pytest.param({"scope": "messages:send"}, "invalid_scope", id="AS-22 a scope that is not the application's"),
        pytest.param({"scope": "everything"}, "invalid_scope", id="AS-22 no scope"),
        pytest.param({"resource": "https://other.example.com"}, "invalid_target", id="AS-33 another API"),
        pytest.param({"prompt": "none"}, "consent_required", id="AS-45 no page"),
        pytest.param({"prompt": "login none"}, "consent_required", id="AS-45 no page, among others"),
    ],
)
async def test_as_16_an_error_goes_to_the_application_with_issuer_and_state(
    application: ThirdParty, session: str, changes: dict[str, str | None], error: str
) -> None:
    answer = await application.ask(session, **changes)
    found = told(answer)
    assert (found["error"], found["state"], found["iss"]) == (error, STATE, application.house.public_url)
    assert "code" not in found
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("&response_type=code", id="AS-05 response_type twice"),
        pytest.param("&scope=usage:read&scope=contacts:read", id="AS-32 scope twice"),
        pytest.param("&x=%zz", id="AS-32 a broken escape"),
        pytest.param("&x=%ff", id="AS-32 bytes that are not UTF-8"),
        pytest.param("&x=" + "x" * 9000, id="AS-32 nine kilobytes"),
    ],
)
async def test_a_malformed_request_gets_a_page(application: ThirdParty, session: str, query: str) -> None:
    answer = await application.ask_with(session, urlencode(application.request()) + query)
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.asyncio(loop_scope="module")
async def test_as_33_two_apis_at_once_are_refused(application: ThirdParty, session: str) -> None:
    own = quote(f"{application.house.public_url}/graphql")
    answer = await application.ask_with(session, urlencode(application.request()) + f"&resource={own}&resource={own}")
    assert told(answer)["error"] == "invalid_target"
    assert (await application.ask(session, resource=f"{application.house.public_url}/graphql")).status_code == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_as_41_as_44_the_consent_page_is_framed_by_nobody_and_tells_nobody_where_it_was(
    application: ThirdParty, session: str
) -> None:
    page = await application.ask(session)
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'self' https://app.example.com;" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "://" not in page.text.replace(quote(REDIRECT_URI, safe=""), "")
    sent_on = await application.answer(session, page)
    assert sent_on.headers["referrer-policy"] == "no-referrer"
    assert sent_on.headers["cache-control"] == "no-store"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_consent_page_says_who_asks_for_what(application: ThirdParty, session: str) -> None:
    page = await application.ask(session, scope="usage:read")
    assert "Booking helper wants to act for you" in page.text
    assert "in Falcon Flights" in page.text
    assert Permission.USAGE_READ.description in page.text
    assert Permission.CONTACTS_READ.description not in page.text
    assert "<strong>app.example.com</strong>" in page.text


@pytest.mark.asyncio(loop_scope="module")
async def test_as_16_a_code_comes_with_issuer_and_state(application: ThirdParty, session: str) -> None:
    found = told(await application.answer(session, await application.ask(session)))
    assert set(found) == {"code", "state", "iss"}
    assert (found["state"], found["iss"]) == (STATE, application.house.public_url)


@pytest.mark.asyncio(loop_scope="module")
async def test_as_42_as_47_a_no_goes_to_the_application_by_303(application: ThirdParty, session: str) -> None:
    before = await _grants(application.house)
    for decision in ("deny", "", "ALLOW"):
        answer = await application.answer(session, await application.ask(session), decision)
        assert answer.status_code == 303
        found = told(answer)
        assert (found["error"], found["state"], found["iss"]) == ("access_denied", STATE, application.house.public_url)
    assert await _grants(application.house) == before


@pytest.mark.asyncio(loop_scope="module")
async def test_as_46_a_consent_is_this_sessions_and_for_what_was_asked(application: ThirdParty, session: str) -> None:
    house = application.house
    page = await application.ask(session, scope="usage:read")
    right = hidden_fields(page) | {"decision": "allow"}
    tenant = await make_tenant(house.database, house.clock)
    others = await application.ask((await member(house, tenant))[1], scope="usage:read")
    wider = right["request"].replace("scope=usage%3Aread", "")
    assert wider != right["request"]
    before = await _grants(house)
    for forged in (
        right | {"proof": ""},
        right | {"proof": "0" * 64},
        right | {"proof": "ä"},
        right | {"proof": hidden_fields(others)["proof"]},
        right | {"request": wider},
        {"decision": "allow"},
    ):
        answer = await house.http.post("/oauth/authorize", data=forged, headers={"Cookie": cookie(session)})
        assert (answer.status_code, answer.headers.get("location")) == (403, None)
    assert (await house.http.post("/oauth/authorize", data=right)).status_code == 403
    json = await house.http.post("/oauth/authorize", json=right, headers={"Cookie": cookie(session)})
    assert json.status_code == 415
    assert await _grants(house) == before
    assert "code" in told(await application.answer(session, page))


@pytest.mark.asyncio(loop_scope="module")
async def test_as_45_the_person_is_asked_each_time(application: ThirdParty, session: str) -> None:
    await application.tokens(session)
    assert "Allow Booking helper?" in (await application.ask(session)).text
    assert told(await application.ask(session, prompt="none"))["error"] == "consent_required"
    assert told(await application.ask(None, prompt="none"))["error"] == "login_required"


@pytest.mark.asyncio(loop_scope="module")
async def test_who_is_not_signed_in_signs_in_and_comes_back(shared_house: House, application: ThirdParty) -> None:
    tenant = await make_tenant(shared_house.database, shared_house.clock)
    email = "comes-back@example.com"
    await shared_house.person(email, roles={tenant: TenantRole.DEVELOPER})
    to_sign_in = await application.ask(None)
    assert to_sign_in.status_code == 303
    address = urlsplit(to_sign_in.headers["location"])
    assert address.path == "/sign-in"
    return_to = parse_qs(address.query)["return_to"][0]
    signed_in = await shared_house.submit("/sign-in", {"email": email, "password": PASSWORD, "return_to": return_to})
    assert signed_in.status_code == 303
    session = session_of(signed_in)
    page = await shared_house.http.get(signed_in.headers["location"], headers={"Cookie": cookie(session)})
    assert "code" in told(await application.answer(session, page))


@pytest.mark.asyncio(loop_scope="module")
async def test_as_43_no_other_origin_reads_an_answer(application: ThirdParty, session: str) -> None:
    http = application.house.http
    foreign = {"Origin": "https://evil.example.com"}
    asked = await http.get("/oauth/authorize", params=application.request(), headers=foreign)
    token = await http.post("/oauth/token", data={"grant_type": "refresh_token"}, headers=foreign)
    preflight = await http.options("/oauth/token", headers=foreign | {"Access-Control-Request-Method": "POST"})
    for answer in (asked, token, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_as_07_a_confidential_application_needs_pkce_too(house: House, falcon: UUID) -> None:
    application = await register(house, Permission.USAGE_READ, authentication=AuthenticationMethod.CLIENT_SECRET_BASIC)
    _, session = await member(house, falcon)
    answer = await application.ask(session, code_challenge=None, code_challenge_method=None)
    assert told(answer)["error"] == "invalid_request"
    unproven = await application.exchange(await application.code(session), code_verifier=None)
    assert (unproven.status_code, unproven.json()["error"]) == (400, "invalid_request")


async def test_the_tenant_sees_in_its_audit_log_what_was_allowed_and_not_what_was_denied(
    house: House, falcon: UUID
) -> None:
    application = await register(house, Permission.USAGE_READ, Permission.CONTACTS_READ)
    person, session = await member(house, falcon)
    await application.answer(session, await application.ask(session), "deny")
    code = await application.code(session, scope="usage:read")
    async with house.database.for_tenant(falcon, read_only=True) as tx:
        (entry,) = await tx.rows("SELECT actor_id, action, changes, address FROM audit_entry")
    assert (entry["actor_id"], entry["action"], entry["address"]) == (person, "applicationAllow", "127.0.0.1")
    assert json.loads(entry["changes"]) == {"application": "Booking helper", "scopes": ["usage:read"]}
    assert code not in str(entry)


async def test_a_disabled_application_is_unknown(house: House, falcon: UUID) -> None:
    application = await register(house, Permission.USAGE_READ)
    _, session = await member(house, falcon)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await disable_application(tx, house.clock.now(), application.client_id)
        assert not await disable_application(tx, house.clock.now(), application.client_id)
    assert (await application.ask(session)).status_code == 400
