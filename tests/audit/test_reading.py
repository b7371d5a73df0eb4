"""The log as the tenant reads it: the newest first, narrowed as asked, with who acted and through what."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import httpx2

from auth.oauth.applications import ApplicationOffer, add_application
from auth.permissions import Permission, StaffRole, TenantRole
from portal.audit.erasing import ErasedPerson, erase_person
from portal.audit.sealing import seal_entries
from portal.database import DatabaseRole
from portal.global_ids import split_global
from tests.audit.log import ORIGIN, SIGNER
from tests.auth.house import House
from tests.auth.oauth.third_party import REDIRECT_URI, ThirdParty
from tests.product import Caller, Product
from tests.waiting import until

CREATE = """mutation ($number: String!) {
  contactCreate(input: {number: $number, name: "Alice"}) { contact { id } errors { code } }
}"""
DELETE = "mutation ($id: ID!) { contactDelete(id: $id) { deletedId errors { code } } }"
LOG = """query ($filter: AuditFilter, $first: Int, $after: String) {
  auditLog(filter: $filter, first: $first, after: $after) {
    nodes {
      id at action target changes requestId address digest sealed erasedAt
      actor { kind name through } supportSession { reason }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
WHO = "{ viewer { principal { ... on Person { id } } } }"


async def _log(caller: Caller, **given: Any) -> list[dict[str, Any]]:
    return list((await caller.run(LOG, **given))["auditLog"]["nodes"])


async def test_the_newest_comes_first_and_pages_hold_all_of_it(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    made = []
    for number in range(5):
        made.append((await owner.run(CREATE, number=f"+1202555010{number}"))["contactCreate"]["contact"]["id"])
        product.clock.advance(timedelta(seconds=1))
    entries = await _log(owner)
    assert [one["target"] for one in entries] == made[::-1]
    assert entries[0]["actor"] == {"kind": "MEMBER", "name": "Owner", "through": None}
    assert entries[0]["changes"] == {"number": "+1••••••••04", "name": "(5 characters)"}
    assert entries[0]["supportSession"] is entries[0]["erasedAt"] is None
    pages, after = [], None
    while True:
        page = (await owner.run(LOG, first=2, after=after))["auditLog"]
        pages += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == entries
    found = await owner.run("query ($id: ID!) { node(id: $id) { ... on AuditEntry { action } } }", id=entries[2]["id"])
    assert found["node"] == {"action": "contactCreate"}


async def test_each_condition_narrows_and_all_have_to_hold(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    begun = product.clock.now()
    first = (await owner.run(CREATE, number="+12025550100"))["contactCreate"]["contact"]["id"]
    product.clock.advance(timedelta(minutes=1))
    await tenant.machine.run(CREATE, number="+12025550101")
    product.clock.advance(timedelta(minutes=1))
    await owner.run(DELETE, id=first)

    async def actions(**only: Any) -> list[str]:
        return [one["action"] for one in await _log(owner, filter=only)]

    def within(start: int, end: int) -> dict[str, str]:
        return {
            "from": (begun + timedelta(minutes=start)).isoformat(),
            "until": (begun + timedelta(minutes=end)).isoformat(),
        }

    assert await actions() == ["contactDelete", "contactCreate", "contactCreate"]
    assert await actions(actorKind="API_CLIENT") == ["contactCreate"]
    assert await actions(action="contactDelete") == ["contactDelete"]
    assert await actions(target=first) == ["contactDelete", "contactCreate"]
    assert await actions(writtenIn=within(0, 1)) == ["contactCreate"]
    assert await actions(writtenIn=within(1, 3)) == ["contactDelete", "contactCreate"]
    assert await actions(actorKind="MEMBER", action="contactCreate", writtenIn=within(0, 3)) == ["contactCreate"]
    assert await actions(target=first, writtenIn=within(1, 2)) == []
    assert await actions(action="'; DROP TABLE audit_entry; --") == []


async def test_the_worker_seals_and_an_erased_person_is_told_to_be_one(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    developer = await product.member(tenant.id, TenantRole.DEVELOPER)
    await developer.run(CREATE, number="+12025550100")
    assert [one["sealed"] for one in await _log(owner)] == [False]
    async with product.worker():

        async def sealed() -> bool:
            return [one["sealed"] for one in await _log(owner)] == [True]

        await until(sealed)
    found = split_global((await developer.run(WHO))["viewer"]["principal"]["id"])
    assert found is not None
    before = (await _log(owner))[0]
    person = ErasedPerson(tenant.id, found[1])
    assert await erase_person(product.database, SIGNER, person, ORIGIN, now=product.clock.now()) == 1
    (entry,) = await _log(owner, filter={"action": "contactCreate"})
    gone = {"actor": {"kind": "MEMBER", "name": "(erased)", "through": None}, "address": None, "changes": None}
    assert entry == before | gone | {"erasedAt": entry["erasedAt"]}
    assert entry["erasedAt"] is not None


async def test_what_an_application_did_for_a_person_names_both(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    offer = ApplicationOffer("Booking helper", [REDIRECT_URI], frozenset({Permission.CONTACTS_WRITE}))
    async with product.database.as_role(DatabaseRole.AUTH) as tx:
        made = await add_application(tx, product.clock.now(), offer)
    async with httpx2.AsyncClient(base_url=product.url, trust_env=False, timeout=60) as http:
        third = ThirdParty(cast("House", SimpleNamespace(http=http)), made.client_id, made.client_secret)
        tokens = await third.tokens(owner.headers["Cookie"].partition("=")[2])
    acting = Caller(owner.url, {"Authorization": f"Bearer {tokens['access_token']}"})
    assert (await acting.run(CREATE.replace("contact { id } ", ""), number="+12025550100"))["contactCreate"][
        "errors"
    ] == []
    (entry,) = await _log(owner, filter={"action": "contactCreate"})
    assert entry["actor"] == {"kind": "MEMBER", "name": "Owner", "through": "Booking helper"}


async def test_what_support_read_is_there_with_its_session(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    tenant_id = (await owner.run("{ viewer { tenant { id } } }"))["viewer"]["tenant"]["id"]
    start = """mutation ($input: SupportSessionStartInput!) {
      supportSessionStart(input: $input) { supportSession { id } errors { code } }
    }"""
    await support.run(start, input={"tenantId": tenant_id, "reason": "A ticket of theirs"})
    await support.run("{ messages(first: 1) { nodes { status } } }")
    await seal_entries(product.database, SIGNER, product.clock)
    entries = await _log(owner, filter={"actorKind": "ISV_SUPPORT"})
    assert {one["action"] for one in entries} == {"supportSessionStart", "supportRead"}
    assert [one["supportSession"] for one in entries] == [{"reason": "A ticket of theirs"}] * 2
    (read,) = [one for one in entries if one["action"] == "supportRead"]
    assert read["changes"] == {"Query.messages": True, "Query.messages(first)": [1], "MessageConnection.nodes": True}
    assert len(bytes.fromhex(read["requestId"])) == 16
    assert len(bytes.fromhex(read["digest"])) == 32
    assert read["sealed"]
