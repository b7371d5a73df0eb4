"""Whatever is asked, with whatever in it: an answer, never a failure of ours, never what one may not see."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.permissions import StaffRole, TenantRole
from tests.product import Product
from tests.schema.operations import operations
from tests.schema.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = 60
WHO = [*(role.value for role in TenantRole), "MACHINE", *(role.value for role in StaffRole)]
WITHOUT_CONTENT = {"BILLING_MANAGER", "SUPPORT", *(role.value for role in StaffRole)}
CONTENT = ("5550100", "5550110", "bicycle", "Olga")  # numbers, texts and names, which not everybody may see


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """One connection for all that is asked."""
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def headers(served: Product, falcon: World) -> dict[str, dict[str, str]]:
    """How a request says whose it is: of a member in each role, of a machine, of the ISV's people."""
    found = {TenantRole.OWNER.value: falcon.owner, "MACHINE": falcon.machine}
    for role in TenantRole:
        if role is not TenantRole.OWNER:
            found[role.value] = await served.member(falcon.tenant.id, role)
    for staff in StaffRole:
        found[staff.value] = await served.member(None, staff)
    return {who: caller.headers for who, caller in found.items()}


@pytest.mark.parametrize("who", WHO)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_gq_13_no_operation_fails_or_tells_too_much(
    who: str,
    data: st.DataObject,
    served: Product,
    falcon: World,
    http: httpx2.AsyncClient,
    headers: dict[str, dict[str, str]],
) -> None:
    request: dict[str, Any] = data.draw(operations([*falcon.ids.values(), falcon.other_contact]))
    answer = await http.post(f"{served.url}/graphql", json=request, headers=headers[who])
    assert answer.status_code in {200, 400}, (answer.status_code, request)
    codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
    assert codes <= {"BAD_USER_INPUT", "FORBIDDEN", "COST_EXCEEDED"}, request
    if who in WITHOUT_CONTENT:
        assert not [word for word in CONTENT if word in answer.text], request
