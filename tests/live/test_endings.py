"""BF-16: whatever ends a credential or a role ends what looks on with it, and an open socket keeps nothing alive."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest

from auth.api_clients import create_api_client
from auth.keys import LEEWAY, TOKEN_LIFETIME
from auth.people import add_member
from auth.permissions import TenantRole, machine_permissions
from auth.sessions import IDLE
from portal.database import DatabaseRole
from tests.live.sockets import looking
from tests.live.streams import streamed
from tests.product import Caller, Product, TenantUnderTest
from tests.waiting import until

STATUS = "subscription { messageStatusChanged { status } }"
OVER = (4401, "The session has ended: sign in again.")
INVALID = (4401, "The access token is not valid.")
OUT = (4403, "You are no longer in this tenant.")
MEMBERS = "{ members { id role } }"


@dataclass
class Scene:
    """A tenant, its Owner, and somebody who looks on."""

    product: Product
    tenant: TenantUnderTest
    owner: Caller
    looker: Caller
    client: tuple[str, str] | None = None  # id and secret, of a machine


async def _submit(caller: Caller, path: str, **fields: str) -> None:
    url = caller.url.replace("/graphql", path)
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(url, data={"sent": "1"} | fields, headers=caller.headers)
    assert answer.status_code in {200, 303}, answer.text


async def _time_passes(scene: Scene, by: timedelta) -> None:
    scene.product.clock.advance(by)


async def _change(scene: Scene, role: DatabaseRole, sql: str) -> None:
    async with scene.product.database.as_role(role) as tx:
        assert await tx.execute(sql, scene.tenant.id)


async def _developer(scene: Scene) -> str:
    nodes = (await scene.owner.run(MEMBERS))["members"]
    [found] = [node["id"] for node in nodes if node["role"] == "DEVELOPER"]
    return str(found)


async def _remove(scene: Scene) -> None:
    text = "mutation ($id: ID!) { memberRemove(id: $id) { removedId errors { code } } }"
    done = await scene.owner.run(text, id=await _developer(scene))
    assert done["memberRemove"]["errors"] == []


async def _demote(scene: Scene, role: str) -> None:
    text = "mutation ($id: ID!, $role: TenantRole!) { memberRoleChange(id: $id, role: $role) { errors { code } } }"
    done = await scene.owner.run(text, id=await _developer(scene), role=role)
    assert done["memberRoleChange"]["errors"] == []


async def _switch(scene: Scene) -> None:
    other = await scene.product.tenant()
    async with scene.product.database.as_role(DatabaseRole.AUTH) as tx:
        sql = "SELECT person_id FROM membership WHERE tenant_id = $1 AND role = 'DEVELOPER'"
        person_id = await tx.value(sql, scene.tenant.id)
        now = scene.product.clock.now()
        await add_member(tx, now, tenant_id=other.id, person_id=person_id, role=TenantRole.OWNER)
    await _submit(scene.looker, "/session/tenant", tenant=str(other.id))


async def _revoke(scene: Scene) -> None:
    assert scene.client is not None
    token = scene.looker.headers["Authorization"].removeprefix("Bearer ")
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(f"{scene.product.url}/oauth/revoke", data={"token": token}, auth=scene.client)
    assert answer.status_code == 200


async def _disable(scene: Scene) -> None:
    clients = (await scene.owner.run("{ apiClients { id name } }"))["apiClients"]
    [given] = [client["id"] for client in clients if client["name"] == "Shop"]
    done = await scene.owner.run("mutation ($id: ID!) { apiClientDisable(id: $id) { errors { code } } }", id=given)
    assert done["apiClientDisable"]["errors"] == []


CLOSE = "UPDATE tenant SET state = 'CLOSED' WHERE id = $1"
OF_PEOPLE: dict[str, tuple[Callable[[Scene], Awaitable[None]], tuple[int, str]]] = {
    "sign-out": (lambda scene: _submit(scene.looker, "/sign-out"), OVER),
    "sign-out everywhere": (lambda scene: _submit(scene.looker, "/account/sign-out-everywhere"), OVER),
    "another tenant": (_switch, OVER),
    "twelve idle hours": (lambda scene: _time_passes(scene, IDLE), OVER),
    "removal": (_remove, OUT),
    "a closed tenant": (lambda scene: _change(scene, DatabaseRole.OPERATOR, CLOSE), OUT),
    "a disabled account": (
        lambda scene: _change(
            scene,
            DatabaseRole.AUTH,
            "UPDATE person SET disabled_at = created_at WHERE id = "
            "(SELECT person_id FROM membership WHERE tenant_id = $1 AND role = 'DEVELOPER')",
        ),
        OVER,
    ),
}
OF_MACHINES: dict[str, tuple[Callable[[Scene], Awaitable[None]], tuple[int, str]]] = {
    "expiry": (lambda scene: _time_passes(scene, TOKEN_LIFETIME + LEEWAY + timedelta(seconds=1)), INVALID),
    "revocation": (_revoke, INVALID),
    "a disabled client": (_disable, INVALID),
    "a closed tenant": (lambda scene: _change(scene, DatabaseRole.OPERATOR, CLOSE), INVALID),
}


@pytest.fixture
async def person(impatient: Product) -> Scene:
    tenant = await impatient.tenant()
    owner = await impatient.member(tenant.id, TenantRole.OWNER)
    return Scene(impatient, tenant, owner, await impatient.member(tenant.id, TenantRole.DEVELOPER))


@pytest.fixture
async def machine(impatient: Product) -> Scene:
    tenant = await impatient.tenant()
    owner = await impatient.member(tenant.id, TenantRole.OWNER)
    async with impatient.database.as_role(DatabaseRole.AUTH) as tx:
        made = await create_api_client(
            tx,
            impatient.clock.now(),
            tenant_id=tenant.id,
            name="Shop",
            permissions=machine_permissions(),
            created_by=None,
        )
    looker = await impatient.token(made.client_id, made.client_secret)
    return Scene(impatient, tenant, owner, looker, (made.client_id, made.client_secret))


async def _ends(scene: Scene, end: Callable[[Scene], Awaitable[None]], expected: tuple[int, str]) -> None:
    async with (
        looking(scene.looker) as socket,
        looking(scene.looker) as idle,
        streamed(scene.looker, STATUS) as stream,
    ):
        await socket.subscribe(STATUS)
        await end(scene)
        assert await socket.closed() == expected
        assert await idle.closed() == expected
        assert await stream.ended() == ["UNAUTHENTICATED" if expected[0] == 4401 else "FORBIDDEN"]


@pytest.mark.parametrize("how", OF_PEOPLE)
async def test_bf_16_what_a_person_looks_at_ends_with(how: str, person: Scene) -> None:
    await _ends(person, *OF_PEOPLE[how])


@pytest.mark.parametrize("how", OF_MACHINES)
async def test_bf_16_what_a_machine_looks_at_ends_with(how: str, machine: Scene) -> None:
    await _ends(machine, *OF_MACHINES[how])


async def test_bf_16_a_lesser_role_ends_what_it_may_not_look_at_and_leaves_the_rest(person: Scene) -> None:
    received = "subscription { messageReceived { id } }"
    async with looking(person.looker) as socket, streamed(person.looker, received) as stream:
        await socket.subscribe(STATUS, "statuses")
        await socket.subscribe(received, "content")
        await _demote(person, "SUPPORT")
        [(code, message)] = await socket.errors()
        assert (code, "MESSAGES_READ" in message) == ("FORBIDDEN", True)
        assert await stream.ended() == ["FORBIDDEN"]
        await socket.quiet()


async def test_bf_16_an_open_socket_keeps_no_session_from_its_idle_end(person: Scene) -> None:
    product = person.product
    async with looking(person.looker) as socket:
        await socket.subscribe(STATUS)
        product.clock.advance(IDLE - timedelta(minutes=1))
        product.statements.clear()
        await until(lambda: sum("FROM session JOIN person" in sql for sql in product.statements) >= 2)
        product.clock.advance(timedelta(minutes=1))
        assert await socket.closed() == OVER
