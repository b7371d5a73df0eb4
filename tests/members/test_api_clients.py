"""API clients: a secret that is shown once, scopes within their maker's, and rotations that stop nobody."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.api_client_changes import MOST_CLIENTS, MOST_SECRETS
from auth.permissions import TenantRole, machine_permissions
from tests.members.clients import CLIENTS, CREATE, DISABLE, ROTATE, ask_for_token, scopes_of_token
from tests.members.team import CHANGE_ROLE, REMOVE, Member, Team
from tests.product import Caller, Product
from tests.schema.rows import add_api_client

SECONDS = timedelta(seconds=1)


async def _clients(caller: Caller) -> list[dict[str, Any]]:
    return list((await caller.run(CLIENTS))["apiClients"])


async def _rotate(caller: Caller, client_id: str, key: str = "one", **more: int) -> dict[str, Any]:
    payload = (await caller.run(ROTATE, id=client_id, key=key, **more))["apiClientRotate"]
    return dict(payload)


async def test_a_client_gets_tokens_by_a_secret_that_is_shown_once(product: Product, falcon: Team) -> None:
    developer = await falcon.member(TenantRole.DEVELOPER)
    made = await add_api_client(developer.caller, name=" Till ", scopes=["messages:send", "contacts:read"])
    status, token = await ask_for_token(product, made["apiClient"]["clientId"], made["secret"])
    assert (status, token["scope"].split()) == (200, ["contacts:read", "messages:send"])
    answer = await developer.caller.post(query=CLIENTS)
    (listed,) = answer.json()["data"]["apiClients"]
    now = product.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert listed == {
        "id": made["apiClient"]["id"],
        "name": "Till",
        "clientId": made["apiClient"]["clientId"],
        "scopes": ["contacts:read", "messages:send"],
        "effectiveScopes": ["contacts:read", "messages:send"],
        "authentication": "CLIENT_SECRET_BASIC",
        "createdBy": {"email": developer.email},
        "createdAt": now,
        "lastUsedAt": now,
        "expiresAt": None,
        "disabledAt": None,
        "secrets": [{"hint": made["secret"][-4:], "createdAt": now, "expiresAt": None}],
    }
    assert made["secret"] not in answer.text


AZ_10 = {
    "AZ-10 members:write": ("OWNER", "members:write"),
    "AZ-10 api_clients:write": ("OWNER", "api_clients:write"),
    "AZ-10 ownership:transfer": ("OWNER", "ownership:transfer"),
    "AZ-10 billing:read by a Developer": ("DEVELOPER", "billing:read"),
    "AZ-10 members:read by a Developer": ("DEVELOPER", "members:read"),
    "AZ-10 economics:read": ("OWNER", "economics:read"),
    "AZ-10 unknown": ("OWNER", "everything"),
    "AZ-10 as a permission": ("OWNER", "USAGE_READ"),
    "AZ-10 two in one": ("OWNER", "usage:read logs:read"),
    "AZ-10 none": ("OWNER", ""),
}


@pytest.mark.parametrize(("role", "scope"), AZ_10.values(), ids=AZ_10.keys())
async def test_a_scope_beyond_the_makers_or_any_machines_is_refused(role: str, scope: str, falcon: Team) -> None:
    caller = falcon.owner.caller if role == "OWNER" else (await falcon.member(TenantRole(role))).caller
    given = {"name": "Till", "scopes": ["usage:read", scope]}
    assert await falcon.refused(caller, CREATE, input=given) == ("SCOPE_NOT_ALLOWED", ["input", "scopes", "1"])
    assert await _clients(caller) == []


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": " "}, "name"),
    "a long name": ({"name": "x" * 101}, "name"),
    "a name of two lines": ({"name": "x\ny"}, "name"),
    "no scope": ({"scopes": []}, "scopes"),
    "an expiry in the past": ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
    "keys for a secret": ({"publicKeys": {"keys": []}}, "publicKeys"),
    "no keys": ({"authentication": "PRIVATE_KEY_JWT"}, "publicKeys"),
}


@pytest.mark.parametrize(("change", "where"), INVALID.values(), ids=INVALID.keys())
async def test_what_is_wrong_with_a_client_is_said_where_it_is(
    change: dict[str, Any], where: str, falcon: Team
) -> None:
    given = {"name": "Till", "scopes": ["usage:read"]} | change
    assert await falcon.refused(falcon.owner.caller, CREATE, input=given) == ("INVALID", ["input", where])


@pytest.mark.parametrize("make", [ECKey, RSAKey, OKPKey])
async def test_a_client_with_keys_has_no_secret_and_its_private_key_is_not_taken(make: Any, falcon: Team) -> None:
    key = make.generate_key({ECKey: "P-256", RSAKey: 2048, OKPKey: "Ed25519"}[make])
    given = {"name": "Till", "scopes": ["usage:read"], "authentication": "PRIVATE_KEY_JWT"}
    whole = given | {"publicKeys": {"keys": [key.as_dict(private=True)]}}
    assert await falcon.refused(falcon.owner.caller, CREATE, input=whole) == ("INVALID", ["input", "publicKeys"])
    made = await add_api_client(falcon.owner.caller, **given, publicKeys={"keys": [key.as_dict(private=False)]})
    assert made["secret"] is None
    (listed,) = await _clients(falcon.owner.caller)
    assert (listed["authentication"], listed["secrets"]) == ("PRIVATE_KEY_JWT", [])
    refusal = await falcon.refused(falcon.owner.caller, ROTATE, id=listed["id"], key="one")
    assert refusal == ("HAS_NO_SECRET", ["id"])


async def test_a_rotation_stops_nobody_and_the_old_secret_dies_after_the_overlap(
    product: Product, falcon: Team
) -> None:
    made = await add_api_client(falcon.owner.caller)
    client_id, old = made["apiClient"]["clientId"], made["secret"]
    rotated = await _rotate(falcon.owner.caller, made["apiClient"]["id"])
    new, expiry = rotated["secret"], product.clock.now() + timedelta(hours=24)
    assert rotated["apiClient"]["secrets"] == [
        {"hint": old[-4:], "expiresAt": expiry.isoformat(timespec="milliseconds").replace("+00:00", "Z")},
        {"hint": new[-4:], "expiresAt": None},
    ]
    for secret in (old, new):
        assert await scopes_of_token(product, client_id, secret) == ["usage:read"]
    product.clock.turn_to(expiry - SECONDS)
    for secret in (old, new):
        assert await scopes_of_token(product, client_id, secret) == ["usage:read"]
    product.clock.turn_to(expiry)
    assert (await ask_for_token(product, client_id, old))[1]["error"] == "invalid_client"
    assert await scopes_of_token(product, client_id, new) == ["usage:read"]
    owner = await product.sign_in(falcon.owner.email)
    (listed,) = await _clients(owner)
    assert [secret["hint"] for secret in listed["secrets"]] == [new[-4:]]


async def test_a_rotation_without_overlap_ends_a_leaked_secret_at_once(product: Product, falcon: Team) -> None:
    made = await add_api_client(falcon.owner.caller)
    rotated = await _rotate(falcon.owner.caller, made["apiClient"]["id"], hours=0)
    assert await scopes_of_token(product, made["apiClient"]["clientId"], made["secret"]) == []
    assert await scopes_of_token(product, made["apiClient"]["clientId"], rotated["secret"]) == ["usage:read"]
    refusal = await falcon.refused(falcon.owner.caller, ROTATE, id=made["apiClient"]["id"], key="two", hours=169)
    assert refusal == ("INVALID", ["overlapHours"])


async def test_no_more_secrets_are_good_at_once_than_may_be_and_one_that_ends_makes_room(
    product: Product, falcon: Team
) -> None:
    given = (await add_api_client(falcon.owner.caller))["apiClient"]["id"]
    for n in range(MOST_SECRETS - 1):
        assert (await _rotate(falcon.owner.caller, given, f"rotation {n}", hours=168))["errors"] == []
    refusal = await falcon.refused(falcon.owner.caller, ROTATE, id=given, key="more", hours=168)
    assert refusal == ("TOO_MANY_SECRETS", ["overlapHours"])
    leaked = await _rotate(falcon.owner.caller, given, "none goes on", hours=0)
    assert [secret["hint"] for secret in leaked["apiClient"]["secrets"]] == [leaked["secret"][-4:]]
    for n in range(MOST_SECRETS - 1):
        assert (await _rotate(falcon.owner.caller, given, f"again {n}", hours=1))["errors"] == []
    refusal = await falcon.refused(falcon.owner.caller, ROTATE, id=given, key="more", hours=1)
    assert refusal == ("TOO_MANY_SECRETS", ["overlapHours"])
    product.clock.turn_to(product.clock.now() + timedelta(hours=1))
    owner = await product.sign_in(falcon.owner.email)
    assert len((await _rotate(owner, given, "more", hours=1))["apiClient"]["secrets"]) == 2


async def test_the_audit_log_names_the_scopes_of_a_new_client_but_no_other_text(falcon: Team) -> None:
    scopes = sorted(permission.scope for permission in machine_permissions())
    await add_api_client(falcon.owner.caller, name="Till of Bea", scopes=[*scopes, scopes[0]])
    (entry,) = (await falcon.owner.caller.run("{ auditLog(first: 1) { nodes { action changes } } }"))["auditLog"][
        "nodes"
    ]
    assert (entry["action"], entry["changes"]["scopes"]) == ("apiClientCreate", scopes)
    assert entry["changes"]["name"] == "(11 characters)"


async def test_the_same_rotation_again_shows_no_secret_and_makes_none(product: Product, falcon: Team) -> None:
    made, other = await add_api_client(falcon.owner.caller), await add_api_client(falcon.owner.caller)
    given = made["apiClient"]["id"]
    first = await _rotate(falcon.owner.caller, given)
    assert (first["idempotentReplay"], first["errors"]) == (False, [])
    again = await _rotate(falcon.owner.caller, given)
    assert again == first | {"secret": None, "idempotentReplay": True}
    refusal = await falcon.refused(falcon.owner.caller, ROTATE, id=other["apiClient"]["id"], key="one")
    assert refusal == ("IDEMPOTENCY_CONFLICT", ["idempotencyKey"])
    for key in ("", "x" * 256):
        refusal = await falcon.refused(falcon.owner.caller, ROTATE, id=given, key=key)
        assert refusal == ("INVALID", ["idempotencyKey"])


async def test_of_ten_same_rotations_at_once_one_makes_a_secret(falcon: Team) -> None:
    given = (await add_api_client(falcon.owner.caller))["apiClient"]["id"]
    answers = await asyncio.gather(*(_rotate(falcon.owner.caller, given) for _ in range(10)))
    assert len([answer for answer in answers if answer["secret"]]) == 1
    for answer in answers:
        codes = [error["code"] for error in answer["errors"]]
        assert answer["secret"] or answer["idempotentReplay"] or codes == ["IDEMPOTENCY_IN_PROGRESS"]
    (listed,) = await _clients(falcon.owner.caller)
    assert len(listed["secrets"]) == 2


async def test_nobody_rotates_a_client_that_may_do_more_than_they(falcon: Team) -> None:
    developer = await falcon.member(TenantRole.DEVELOPER)
    made = await add_api_client(falcon.owner.caller, scopes=["usage:read", "billing:read"])
    refusal = await falcon.refused(developer.caller, ROTATE, id=made["apiClient"]["id"], key="one")
    assert refusal == ("SCOPE_NOT_ALLOWED", ["id"])
    assert (await _rotate(falcon.owner.caller, made["apiClient"]["id"]))["errors"] == []


async def test_a_disabled_client_is_out_with_its_tokens_and_stays_so(product: Product, falcon: Team) -> None:
    made = await add_api_client(falcon.owner.caller)
    client_id, given = made["apiClient"]["clientId"], made["apiClient"]["id"]
    machine = await product.token(client_id, made["secret"])
    assert (await machine.run("{ viewer { permissions } }"))["viewer"]["permissions"] == ["USAGE_READ"]
    done = [(await falcon.owner.caller.run(DISABLE, id=given))["apiClientDisable"] for _ in range(2)]
    assert done[0]["apiClient"]["disabledAt"] is not None
    assert done == [done[0]] * 2
    assert (await machine.post(query="{ viewer { permissions } }")).status_code == 401
    assert await scopes_of_token(product, client_id, made["secret"]) == []
    assert await falcon.refused(falcon.owner.caller, ROTATE, id=given, key="one") == ("DISABLED", ["id"])
    (listed,) = await _clients(falcon.owner.caller)
    assert (listed["scopes"], listed["effectiveScopes"]) == (["usage:read"], [])


async def test_a_client_ends_when_it_expires(product: Product, falcon: Team) -> None:
    expiry = product.clock.now() + timedelta(hours=1)
    made = await add_api_client(falcon.owner.caller, expiresAt=expiry.isoformat())
    product.clock.turn_to(expiry - SECONDS)
    assert await scopes_of_token(product, made["apiClient"]["clientId"], made["secret"]) == ["usage:read"]
    product.clock.turn_to(expiry)
    assert await scopes_of_token(product, made["apiClient"]["clientId"], made["secret"]) == []
    assert [one["effectiveScopes"] for one in await _clients(falcon.owner.caller)] == [[]]


@pytest.mark.parametrize(
    ("change", "expected"), [("demoted", ["usage:read", "billing:read"]), ("removed", [])], ids=["AZ-11", "AZ-11 gone"]
)
async def test_a_client_may_do_no_more_than_its_maker_may_now(
    change: str, expected: list[str], product: Product, falcon: Team
) -> None:
    maker = await falcon.member(TenantRole.ADMINISTRATOR)
    scopes = ["usage:read", "billing:read", "messages:read"]
    made = await add_api_client(maker.caller, scopes=scopes)
    client_id, secret = made["apiClient"]["clientId"], made["secret"]
    machine = await product.token(client_id, secret)
    await _lower(falcon, maker, change)
    permissions = (await machine.run("{ viewer { permissions } }"))["viewer"]["permissions"]
    assert sorted(one.lower() for one in permissions) == sorted(one.replace(":", "_") for one in expected)
    assert await machine.codes("{ messages { nodes { body } } }") == ["FORBIDDEN"]
    assert await scopes_of_token(product, client_id, secret) == expected
    (listed,) = await _clients(falcon.owner.caller)
    assert (sorted(listed["scopes"]), listed["effectiveScopes"]) == (sorted(scopes), expected)
    assert listed["createdBy"] == (None if change == "removed" else {"email": maker.email})


async def _lower(falcon: Team, maker: Member, change: str) -> None:
    if change == "removed":
        await falcon.owner.caller.run(REMOVE, id=maker.id)
    else:
        await falcon.owner.caller.run(CHANGE_ROLE, id=maker.id, role="BILLING_MANAGER")


async def test_no_more_clients_are_in_use_than_may_be_and_disabling_one_makes_room(falcon: Team) -> None:
    first = (await add_api_client(falcon.owner.caller))["apiClient"]["id"]
    for _ in range(MOST_CLIENTS - 1):
        await add_api_client(falcon.owner.caller)
    given = {"name": "Till", "scopes": ["usage:read"]}
    assert await falcon.refused(falcon.owner.caller, CREATE, input=given) == ("TOO_MANY_CLIENTS", None)
    await falcon.owner.caller.run(DISABLE, id=first)
    await add_api_client(falcon.owner.caller)


async def test_a_machine_knows_its_own_name_and_nothing_else_of_api_clients(product: Product, falcon: Team) -> None:
    machine = await product.machine(falcon.tenant_id, machine_permissions())
    answer = await machine.post(
        query="{ viewer { principal { ... on ApiClient { id name clientId scopes secrets { hint } createdAt } } } }"
    )
    principal = answer.json()["data"]["viewer"]["principal"]
    given = principal.pop("id")
    assert principal.pop("clientId").startswith("client_")
    assert principal == {"name": "Shop system", "scopes": None, "secrets": None, "createdAt": None}
    scopes = [error["extensions"]["requiredScopes"] for error in answer.json()["errors"]]
    assert scopes == [["api_clients:read"]] * 3
    assert await machine.codes("query ($id: ID!) { node(id: $id) { id } }", id=given) == ["FORBIDDEN"]
    assert await machine.codes(CREATE, input={"name": "x", "scopes": ["usage:read"]}) == ["FORBIDDEN"]
