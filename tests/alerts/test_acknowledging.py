"""Taking note of alerts: by whom, once, and what happens next is a new one; and how they are listed."""

import base64
from datetime import timedelta

import orjson

from auth.permissions import TenantRole
from portal.alerts.catalogue import AlertKind
from portal.alerts.raising import Occurrence
from portal.global_ids import global_id
from portal_schema.nodes import NOWHERE
from tests.alerts.events import ACKNOWLEDGE, alerts, raised, told
from tests.product import Caller, Product

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $filter: AlertFilter) {
  alerts(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { code } } pageInfo { hasNextPage hasPreviousPage }
  }
}"""


async def test_who_acknowledges_first_stays_and_the_next_occurrence_is_a_new_alert(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    developer = await product.member(tenant.id, TenantRole.DEVELOPER)
    occurrences = [Occurrence(AlertKind.PROVIDER_ERROR, "OUTAGE", f"{n}", product.clock.now()) for n in range(3)]
    await raised(product, tenant, occurrences[:2])
    (alert,) = await alerts(owner)
    expected = {
        "alert": {
            "id": alert["id"],
            "acknowledgedAt": told(product.clock.now()),
            "acknowledgedBy": {"kind": "MEMBER", "name": "Owner"},
        },
        "errors": [],
    }
    assert (await owner.run(ACKNOWLEDGE, id=alert["id"]))["alertAcknowledge"] == expected
    product.clock.advance(timedelta(minutes=1))
    assert (await developer.run(ACKNOWLEDGE, id=alert["id"]))["alertAcknowledge"] == expected
    await raised(product, tenant, occurrences)
    found = await alerts(owner)
    assert {(one["id"] == alert["id"], one["count"], one["acknowledgedAt"] is None) for one in found} == {
        (True, 2, False),
        (False, 1, True),
    }
    assert [one["count"] for one in await alerts(owner, acknowledged=True)] == [2]
    assert [one["count"] for one in await alerts(owner, acknowledged=False)] == [1]


async def test_an_alert_that_is_not_there_is_not_acknowledged(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    for given in ("", "nonsense", global_id("Alert", NOWHERE), global_id("Message", NOWHERE)):
        done = await owner.run(ACKNOWLEDGE, id=given)
        message = "There is no such alert."
        assert done["alertAcknowledge"] == {
            "alert": None,
            "errors": [{"code": "NOT_FOUND", "path": ["id"], "message": message}],
        }


async def _page(caller: Caller, **part: object) -> tuple[list[str], list[str], bool, bool]:
    """The codes and cursors of a page, and whether there is more behind and before it."""
    found = (await caller.run(PAGE, **part))["alerts"]
    codes = [edge["node"]["code"] for edge in found["edges"]]
    cursors = [edge["cursor"] for edge in found["edges"]]
    return codes, cursors, found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]


async def test_what_happened_last_is_first_and_pages_go_on_behind_a_cursor(product: Product) -> None:
    tenant = await product.tenant()
    now = product.clock.now()
    # Two of the same instant, and instants whose texts would sort otherwise.
    ages = {"A": 0, "B": 2, "C": 2, "D": 3, "E": 86_400}
    occurrences = [
        Occurrence(AlertKind.PROVIDER_ERROR, code, code, now - timedelta(seconds=age)) for code, age in ages.items()
    ]
    await raised(product, tenant, occurrences)
    codes, cursors, *_ = await _page(tenant.machine)
    assert ("".join(codes[:1]), set(codes[1:3]), "".join(codes[3:])) == ("A", {"B", "C"}, "DE")
    assert (await _page(tenant.machine, first=2))[0] == codes[:2]
    assert (await _page(tenant.machine, first=2, after=cursors[1]))[0::2] == (codes[2:4], True)
    assert (await _page(tenant.machine, first=2, after=cursors[3]))[0::2] == (codes[4:], False)
    assert (await _page(tenant.machine, last=2, before=cursors[4]))[0] == codes[2:4]
    assert (await _page(tenant.machine, last=2))[0] == codes[3:]
    # What happens again moves up: behind the cursor nothing is shown twice.
    await raised(product, tenant, [Occurrence(AlertKind.PROVIDER_ERROR, "E", "E again", now)])
    assert (await _page(tenant.machine, first=5, after=cursors[1]))[0] == codes[2:4]


async def test_alerts_are_filtered_by_kind(product: Product) -> None:
    tenant = await product.tenant()
    kinds = list(AlertKind)
    await raised(product, tenant, [Occurrence(kind, "X", kind, product.clock.now()) for kind in kinds])
    assert {one["kind"] for one in await alerts(tenant.machine)} == set(kinds)
    asked = ["REGISTRATION", "DELIVERABILITY"]
    assert {one["kind"] for one in await alerts(tenant.machine, kinds=asked)} == set(asked)
    assert await alerts(tenant.machine, kinds=[]) == []


async def test_a_cursor_that_is_no_time_is_bad_input(product: Product) -> None:
    tenant = await product.tenant()
    for sort_value in ("x", "", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        cursor = base64.urlsafe_b64encode(orjson.dumps(["last-", sort_value, str(NOWHERE)])).decode()
        assert await tenant.machine.codes(PAGE, after=cursor, first=1) == ["BAD_USER_INPUT"], sort_value
