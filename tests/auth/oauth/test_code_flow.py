"""Authorization codes and what ends the tokens that come of them: the ids are those of the list of checks."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission, TenantRole
from portal.database import DatabaseRole
from tests.auth.forge import decoded
from tests.auth.house import House
from tests.auth.oauth.third_party import ThirdParty, challenge_of, holds, member, register, told

INVALID_GRANT = (400, "invalid_grant")


async def test_a_person_lets_an_application_act(house: House, application: ThirdParty, session: str) -> None:
    answer = await application.exchange(await application.code(session))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    tokens = answer.json()
    assert set(tokens) == {"token_type", "access_token", "expires_in", "refresh_token", "scope"}
    assert (tokens["scope"], tokens["expires_in"]) == ("contacts:read usage:read", 600)
    who = (await house.who(f"Bearer {tokens['access_token']}")).json()
    assert who["permissions"] == ["CONTACTS_READ", "USAGE_READ"]
    assert who["key"].startswith("member:")


async def test_a_persons_token_names_person_tenant_grant_and_application(
    application: ThirdParty, session: str, person: UUID, falcon: UUID
) -> None:
    tokens = await application.tokens(session)
    claims = decoded(tokens["access_token"].split(".")[1])
    assert set(claims) == {
        *("iss", "aud", "sub", "client_id", "tenant_id", "grant_id", "scope", "iat", "exp", "jti"),
    }
    assert (claims["sub"], claims["tenant_id"]) == (f"person:{person}", str(falcon))
    assert claims["client_id"] == application.client_id
    assert claims["aud"] == f"{application.house.public_url}/graphql"


async def test_the_role_now_narrows_the_token(house: House, application: ThirdParty, falcon: UUID) -> None:
    person, session = await member(house, falcon)
    tokens = await application.tokens(session)
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE membership SET role = 'SUPPORT' WHERE person_id = $1", person)
    assert (await house.who(f"Bearer {tokens['access_token']}")).json()["permissions"] == ["USAGE_READ"]


async def test_as_12_a_code_used_twice_ends_the_tokens_of_its_first_use(
    house: House, application: ThirdParty, session: str
) -> None:
    code = await application.code(session)
    tokens = (await application.exchange(code)).json()
    assert await holds(house, tokens) == 200
    again = await application.exchange(code)
    assert (again.status_code, again.json()["error"]) == INVALID_GRANT
    assert await holds(house, tokens) == 401
    assert (await application.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}


async def test_as_12_half_a_minute_later_too(house: House, application: ThirdParty, session: str) -> None:
    code = await application.code(session)
    tokens = (await application.exchange(code)).json()
    house.clock.advance(timedelta(seconds=90))
    assert (await application.exchange(code)).status_code == 400
    assert await holds(house, tokens) == 401


async def test_as_13_ten_swaps_of_one_code_have_one_winner(house: House, application: ThirdParty, session: str) -> None:
    code = await application.code(session)
    answers = await asyncio.gather(*(application.exchange(code) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 9}
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await holds(house, winner) == 401  # the nine were a replay


async def test_as_14_another_clients_attempt_burns_nothing(house: House, application: ThirdParty, session: str) -> None:
    other = await register(house, Permission.CONTACTS_READ)
    code = await application.code(session)
    for _ in range(2):
        stolen = await other.exchange(code, code_verifier=application.verifier)
        assert (stolen.status_code, stolen.json()["error"]) == INVALID_GRANT
    assert (await application.exchange(code)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"redirect_uri": "https://app.example.com/other"}, "invalid_grant", id="AS-14 another address"),
        pytest.param({"redirect_uri": None}, "invalid_grant", id="AS-14 no address"),
        pytest.param({"code_verifier": None}, "invalid_request", id="AS-10 no verifier"),
        pytest.param({"code_verifier": "v" * 43}, "invalid_grant", id="AS-10 a wrong verifier"),
        pytest.param({"code_verifier": "v" * 42}, "invalid_request", id="AS-10 a verifier of 42 letters"),
        pytest.param({"code_verifier": "v" * 129}, "invalid_request", id="AS-10 a verifier of 129 letters"),
        pytest.param({"code_verifier": "ä" * 50}, "invalid_request", id="AS-10 a verifier beyond ASCII"),
        pytest.param({"code": None}, "invalid_request", id="AS-32 no code"),
        pytest.param({"code": "portal_code_x"}, "invalid_grant", id="AS-15 an unknown code"),
        pytest.param({"code": "\0"}, "invalid_grant", id="AS-32 a NUL"),
        pytest.param({"resource": "https://other.example.com"}, "invalid_target", id="AS-33 another API"),
    ],
)
async def test_a_wrong_exchange_is_refused_and_uses_nothing_up(
    application: ThirdParty, session: str, changes: dict[str, str | None], error: str
) -> None:
    code = await application.code(session)
    answer = await application.exchange(code, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await application.exchange(code)).status_code == 200


async def test_as_15_a_code_is_good_for_a_minute(house: House, application: ThirdParty, session: str) -> None:
    early, late = await application.code(session), await application.code(session)
    house.clock.advance(timedelta(seconds=59))
    assert (await application.exchange(early)).status_code == 200
    house.clock.advance(timedelta(seconds=1))
    answer = await application.exchange(late)
    assert (answer.status_code, answer.json()["error"]) == INVALID_GRANT


async def test_as_11_a_code_without_a_challenge_does_not_exist(application: ThirdParty, session: str) -> None:
    answer = await application.ask(session, code_challenge=None, code_challenge_method=None)
    assert told(answer)["error"] == "invalid_request"
    assert "code" not in told(answer)


_ENDS = {
    "AS-20 the person is disabled": (DatabaseRole.AUTH, "UPDATE person SET disabled_at = $2 WHERE id = $1"),
    "AS-20 the password is changed": (DatabaseRole.AUTH, "UPDATE person SET password_changed_at = $2 WHERE id = $1"),
    "AS-20 the membership is removed": (
        None,
        "DELETE FROM membership WHERE person_id = $1 AND $2 > '2000-01-01'::timestamptz",
    ),
    "AS-20 the tenant is closed": (
        DatabaseRole.OPERATOR,
        "UPDATE tenant SET state = 'CLOSED' WHERE $1 <> id AND $2 > created_at",
    ),
    "AS-20 the application is disabled": (
        DatabaseRole.AUTH,
        "UPDATE oauth_application SET disabled_at = $2 WHERE $1::uuid IS NOT NULL",
    ),
    "AS-20 the person becomes staff": (
        DatabaseRole.AUTH,
        "UPDATE person SET staff_role = 'ISV_OPERATOR' WHERE id = $1 AND created_at < $2",
    ),
}


@pytest.mark.parametrize(("role", "sql"), [pytest.param(*end, id=name) for name, end in _ENDS.items()])
async def test_what_ends_a_grant_ends_its_tokens_at_once(
    house: House, application: ThirdParty, session: str, person: UUID, falcon: UUID, role: DatabaseRole | None, sql: str
) -> None:
    tokens = await application.tokens(session)
    waiting = await application.code(session)
    house.clock.advance(timedelta(seconds=1))
    transaction = house.database.as_role(role) if role else house.database.for_tenant(falcon)
    async with transaction as tx:
        assert await tx.execute(sql, person, house.clock.now()) == 1
    assert await holds(house, tokens) == 401
    refused = [await application.refresh(tokens["refresh_token"]), await application.exchange(waiting)]
    for answer in refused:
        assert answer.status_code in {400, 401}
        assert answer.json()["error"] in {"invalid_grant", "invalid_client"}


async def test_as_21_neither_token_is_good_for_the_others_use(
    house: House, application: ThirdParty, session: str
) -> None:
    tokens = await application.tokens(session)
    assert (await house.who(f"Bearer {tokens['refresh_token']}")).status_code == 401
    answer = await application.refresh(tokens["access_token"])
    assert (answer.status_code, answer.json()["error"]) == INVALID_GRANT
    as_code = await application.exchange(tokens["refresh_token"])
    assert (as_code.status_code, as_code.json()["error"]) == INVALID_GRANT
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


async def test_as_23_an_application_gets_no_token_without_a_person(house: House, application: ThirdParty) -> None:
    confidential = await register(
        house, Permission.CONTACTS_READ, authentication=AuthenticationMethod.CLIENT_SECRET_BASIC
    )
    for client in (application, confidential):
        answer = await client.token(grant_type="client_credentials")
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


async def test_as_49_the_database_holds_hashes_alone(house: House, application: ThirdParty, session: str) -> None:
    waiting = await application.code(session)
    tokens = await application.tokens(session)
    stored = ""
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        for table in ("oauth_grant", "authorization_code", "refresh_token", "session", "oauth_application"):
            stored += "".join(str(dict(row)) for row in await tx.rows(f"TABLE {table}"))
    assert stored.count("'code_hash'") == 2
    for secret in (waiting, session, tokens["refresh_token"], tokens["access_token"], application.verifier):
        assert secret not in stored
    assert challenge_of(application.verifier) in stored


async def test_one_person_in_two_tenants_has_a_token_for_each(
    house: House, application: ThirdParty, falcon: UUID, freestyle: UUID
) -> None:
    roles = {falcon: TenantRole.DEVELOPER, freestyle: TenantRole.SUPPORT}
    person = await house.person("both@example.com", roles=roles)
    session = await house.services.sessions.start(person)
    in_falcon = await application.tokens(session)
    switched = await house.services.sessions.switch(session, str(freestyle))
    assert switched is not None
    in_freestyle = await application.tokens(switched)
    seen = [(await house.who(f"Bearer {tokens['access_token']}")).json() for tokens in (in_falcon, in_freestyle)]
    assert [(one["tenant"], one["permissions"]) for one in seen] == [
        (str(falcon), ["CONTACTS_READ", "USAGE_READ"]),
        (str(freestyle), ["USAGE_READ"]),
    ]
