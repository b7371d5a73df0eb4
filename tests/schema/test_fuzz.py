"""Whatever is asked, with whatever in it: an answer, never a failure of ours, never what one may not see."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.permissions import TenantRole
from tests.product import Product
from tests.schema.operations import operations
from tests.schema.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = 150
CONTENT = ("5550100", "5550110", "bicycle", "Olga")  # numbers, texts and names, which Support may not see


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """One connection for all that is asked."""
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def headers(served: Product, falcon: World) -> dict[TenantRole, dict[str, str]]:
    """How a request says that it is from a member of a role."""
    support = await served.member(falcon.tenant.id, TenantRole.SUPPORT)
    return {TenantRole.OWNER: falcon.owner.headers, TenantRole.SUPPORT: support.headers}


@pytest.mark.parametrize("role", [TenantRole.OWNER, TenantRole.SUPPORT])
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_no_operation_fails_or_tells_too_much(
    role: TenantRole,
    data: st.DataObject,
    served: Product,
    falcon: World,
    http: httpx2.AsyncClient,
    headers: dict[TenantRole, dict[str, str]],
) -> None:
    request: dict[str, Any] = data.draw(operations([*falcon.ids.values(), falcon.other_contact]))
    answer = await http.post(f"{served.url}/graphql", json=request, headers=headers[role])
    assert answer.status_code in {200, 400}, (answer.status_code, request)
    codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
    assert codes <= {"BAD_USER_INPUT", "FORBIDDEN", "COST_EXCEEDED"}, request
    if role is TenantRole.SUPPORT:
        assert not [word for word in CONTENT if word in answer.text], request
