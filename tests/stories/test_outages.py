"""When the database is away: said plainly, and over as soon as it is back."""

import asyncpg
import httpx2

from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from tests.product import Product
from tests.stories.test_first_story import contact, send, settled


async def _lets_in(superuser: DatabaseAddress, name: str, *, anybody: bool) -> None:
    connection = await asyncpg.connect(**superuser.credentials())
    await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {anybody}")
    if not anybody:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            name,
        )
    await connection.close()


async def test_without_its_database_the_portal_says_so_and_afterwards_goes_on(
    product: Product, address: DatabaseAddress, superuser: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    alice = await contact(tenant.machine, "Alice", "+12025550100")
    async with (
        product.worker(),
        httpx2.AsyncClient(base_url=product.url, trust_env=False, verify=False, timeout=60) as http,
    ):
        await _lets_in(superuser, address.database, anybody=False)
        try:
            answer = await tenant.machine.post(query="{ allowance { used } }")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
            assert "data" not in answer.json()
            form = {"email": "a@example.com", "password": "x" * 12, "return_to": "/"}
            signing_in = await http.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})
            assert (signing_in.status_code, signing_in.headers["retry-after"]) == (503, "5")
            ready = await http.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["problems"][0]["what"] == "The database does not answer."
        finally:
            await _lets_in(superuser, address.database, anybody=True)
        sent = await send(tenant.machine, [alice])
        (message,) = await settled(tenant.machine, sent["batch"]["id"])
    assert message["status"] == "DELIVERED"


async def test_a_suspended_tenant_sends_nothing_more_until_it_is_active_again(product: Product) -> None:
    tenant = await product.tenant()
    alice = await contact(tenant.machine, "Alice", "+12025550100")
    waiting = await send(tenant.machine, [alice])
    await _state(product, "SUSPENDED")
    assert await product.dispatcher.run_once() == 0
    refused = await send(tenant.machine, [alice], key="second")
    assert [error["code"] for error in refused["errors"]] == ["TENANT_NOT_ACTIVE"]
    assert refused["batch"] is None
    await _state(product, "ACTIVE")
    assert (await tenant.machine.run("{ allowance { reserved } }"))["allowance"] == {"reserved": 1}
    async with product.worker():
        (message,) = await settled(tenant.machine, waiting["batch"]["id"])
    assert message["status"] == "DELIVERED"


async def _state(product: Product, state: str) -> None:
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = $1", state)
