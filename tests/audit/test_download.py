"""The tenant takes its own log with it: by the browser, with AUDIT_READ, and not unseen."""

import httpx2
import pytest

from auth.permissions import StaffRole, TenantRole
from portal.audit.chain import Entry, Record
from portal.audit.sealing import seal_entries
from portal.audit.trail import read_lines
from tests.audit.log import SIGNER, problems_of
from tests.product import Caller, Product

CREATE = 'mutation { contactCreate(input: {number: "%s", name: "Alice"}) { errors { code } } }'


async def _get(product: Product, caller: Caller | None, **headers: str) -> httpx2.Response:
    cookie = {"Cookie": caller.headers["Cookie"]} if caller is not None else {}
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        return await http.get(f"{product.url}/audit-log.jsonl", headers=cookie | headers)


def _records(answer: httpx2.Response) -> list[Record]:
    assert answer.status_code == 200, answer.text
    return list(read_lines(answer.content.splitlines(keepends=True)))


async def test_tn_15_the_file_holds_everything_verifies_and_tells_of_its_own_making(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    for number in range(3):
        await owner.run(CREATE % f"+1202555010{number}")
        await other.machine.run(CREATE % f"+1202555010{number}")
    await seal_entries(product.database, SIGNER, product.clock)
    answer = await _get(product, owner, **{"Sec-Fetch-Site": "same-origin", "X-Request-Id": "an-export"})
    records = _records(answer)
    assert problems_of(records, tenant.id, exported=True) == []
    entries = [one for one in records if isinstance(one, Entry)]
    assert [one.content["action"] for one in entries] == [*["contactCreate"] * 3, "auditLogExport"]
    assert [one.seal_number for one in entries] == [1, 1, 1, None]
    assert entries[-1].content["actor_name"] == "Owner"
    assert entries[-1].content["request_id"] == answer.headers["x-request-id"] == "an-export"
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log.jsonl"'
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("site", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}], ids=str)
async def test_another_site_gets_nothing_and_leaves_no_entry(product: Product, site: dict[str, str]) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    answer = await _get(product, owner, **site)
    assert (answer.status_code, answer.text) == (403, "Open the audit log from the portal's own page.\n")
    found = await owner.run("{ auditLog { nodes { action } } }")
    assert found["auditLog"]["nodes"] == []


async def test_who_may_not_read_the_log_may_not_take_it_either(product: Product) -> None:
    tenant = await product.tenant()
    typed = {"Sec-Fetch-Site": "none"}
    answers = {role: await _get(product, await product.member(tenant.id, role), **typed) for role in TenantRole}
    allowed = [role for role, answer in answers.items() if answer.status_code == 200]
    assert allowed == [TenantRole.OWNER, TenantRole.ADMINISTRATOR]
    refused = {answer.text for answer in answers.values() if answer.status_code != 200}
    assert refused == {"This needs the permission AUDIT_READ.\n"}
    for staff in StaffRole:
        assert (await _get(product, await product.member(None, staff), **typed)).status_code == 403
    assert (await _get(product, None, **typed)).status_code == 401
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        token = tenant.machine.headers | typed
        assert (await http.get(f"{product.url}/audit-log.jsonl", headers=token)).status_code == 401
        assert (await http.post(f"{product.url}/audit-log.jsonl", headers=typed)).status_code == 405
