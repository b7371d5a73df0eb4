"""What policy does to sends: verdicts before, refusals for all and for some, and the operator's exceptions."""

from datetime import timedelta
from typing import Any

from auth.permissions import StaffRole, TenantRole
from portal_schema.nodes import to_global
from tests.messages.traffic import ALLOWANCE, add_contacts, messages, plain_numbers
from tests.product import Caller, Product, TenantUnderTest

SEND = """mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    batch { accepted refusals(first: 100) { nodes { code message maskedNumber } } } errors { code path message }
  }
}"""
ESTIMATE = """query ($input: MessageEstimateInput!) {
  messageEstimate(input: $input) { recipients refusals { code count } verdicts { rule passed message } }
}"""
OVERRIDE = """mutation ($input: PolicyOverrideInput!) {
  policyOverride(input: $input) {
    policyOverride { id rule reason since until madeBy endedAt } errors { code path }
  }
}"""
END = """mutation ($id: ID!) {
  policyOverrideEnd(id: $id) { policyOverride { endedAt endedBy } errors { code path } }
}"""
LISTED = "{ policyOverrides { rule reason madeBy endedAt endedBy } }"
ADVICE = 'The first message to somebody has to say how to end them: add "Reply STOP to opt out."'
SHORTENER = "It has a link of a shortener that everybody shares, which carriers block: use a link of your own domain."


async def _no_exceptions(product: Product) -> tuple[TenantUnderTest, Caller]:
    """A tenant for which all rules hold, and the operator."""
    tenant = await product.tenant()
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    (made,) = (await tenant.machine.run("{ policyOverrides { id } }"))["policyOverrides"]
    assert (await operator.run(END, id=made["id"]))["policyOverrideEnd"]["errors"] == []
    return tenant, operator


async def _send(caller: Caller, contacts: list[str], body: str | None, key: str, **more: Any) -> Any:
    given = {"recipients": {"contactIds": contacts}, "body": body, "idempotencyKey": key, **more}
    return (await caller.run(SEND, input=given))["messageSend"]


async def _verdicts(caller: Caller, contacts: list[str], body: str) -> dict[str, str]:
    """The rules that fail, with what to change."""
    given = {"recipients": {"contactIds": contacts}, "body": body}
    estimated = (await caller.run(ESTIMATE, input=given))["messageEstimate"]
    return {one["rule"]: one["message"] for one in estimated["verdicts"] if not one["passed"]}


async def test_a_first_message_says_how_to_opt_out_and_those_behind_it_need_not(product: Product) -> None:
    tenant, _ = await _no_exceptions(product)
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    assert (await _send(tenant.machine, contacts[:1], "Hi. Reply STOP to opt out.", "1"))["batch"]["accepted"] == 1
    assert await _verdicts(tenant.machine, contacts, "Your bike is ready.") == {"OPT_OUT_TEXT": ADVICE}
    sent = await _send(tenant.machine, contacts, "Your bike is ready.", "2")
    assert sent["errors"] == []
    assert sent["batch"]["accepted"] == 1  # who was written to before
    refusals = sent["batch"]["refusals"]["nodes"]
    assert [(one["code"], one["message"]) for one in refusals] == [("POLICY", ADVICE)] * 2
    assert len(await messages(product, tenant)) == 2
    assert (await tenant.machine.run(ALLOWANCE))["allowance"]["reserved"] == 2
    none = await _send(tenant.machine, contacts, "Your bike is ready.", "3", onRefusal="SEND_NONE")
    assert {one["code"] for one in none["errors"]} == {"RECIPIENTS_REFUSED"}


async def test_a_text_that_fails_for_all_is_refused_whole_and_one_that_fails_for_some_for_them_alone(
    product: Product,
) -> None:
    tenant, _ = await _no_exceptions(product)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    body = "Look: https://bit.ly/3xYz Reply STOP to opt out."
    assert await _verdicts(tenant.machine, contacts, body) == {"SHARED_SHORTENER": SHORTENER}
    refused = await _send(tenant.machine, contacts, body, "1")
    assert refused["batch"] is None
    assert refused["errors"] == [{"code": "POLICY", "path": ["input", "body"], "message": SHORTENER}]
    change = "mutation ($id: ID!, $f: JSON!) { contactUpdate(id: $id, input: {fields: $f}) { errors { code } } }"
    for contact, link in zip(contacts, ("https://tinyurl.com/x", "https://falcon.example/x"), strict=True):
        done = await tenant.machine.run(change, id=contact, f={"link": link})
        assert done["contactUpdate"]["errors"] == []
    given = {"name": "Link", "category": "NOTIFICATION", "body": "{{link}} Reply STOP to opt out."}
    made = await tenant.machine.run(
        "mutation ($i: TemplateCreateInput!) { templateCreate(input: $i) { template { id } errors { code } } }", i=given
    )
    template = made["templateCreate"]["template"]["id"]
    sent = await _send(tenant.machine, contacts, None, "2", templateId=template)
    assert sent["batch"]["accepted"] == 1
    assert [(one["code"], one["message"]) for one in sent["batch"]["refusals"]["nodes"]] == [("POLICY", SHORTENER)]
    assert [row["body"] for row in await messages(product, tenant)] == [
        "https://falcon.example/x Reply STOP to opt out."
    ]


async def test_the_operator_s_exception_lets_a_rule_fail_for_its_time_and_stands_in_the_tenant_s_log(
    product: Product,
) -> None:
    tenant, operator = await _no_exceptions(product)
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    body = "20% off all our wines. Reply STOP to opt out."
    assert set(await _verdicts(tenant.machine, contacts, body)) == {"ALCOHOL"}
    until = product.clock.now() + timedelta(minutes=5)
    given = {
        "tenantId": to_global("Tenant", tenant.id),
        "rule": "ALCOHOL",
        "reason": "They check the age",
        "until": until.isoformat(),
    }
    made = (await operator.run(OVERRIDE, input=given))["policyOverride"]
    assert made["errors"] == []
    assert await _verdicts(tenant.machine, contacts, body) == {}
    assert (await _send(tenant.machine, contacts, body, "1"))["batch"]["accepted"] == 1
    owner = await product.member(tenant.id, TenantRole.OWNER)
    log = (await owner.run("{ auditLog(first: 10) { nodes { action target changes actor { kind } } } }"))["auditLog"]
    (entry,) = [one for one in log["nodes"] if one["action"] == "policyOverride"]
    assert entry["target"] == made["policyOverride"]["id"]
    assert entry["changes"]["reason"] == "They check the age"
    assert entry["actor"] == {"kind": "ISV_OPERATOR"}
    ended = (await operator.run(END, id=made["policyOverride"]["id"]))["policyOverrideEnd"]
    assert ended["policyOverride"]["endedBy"] == "Isv_Operator"
    assert (await _send(tenant.machine, contacts, body, "2"))["errors"][0]["code"] == "POLICY"
    again = (await operator.run(END, id=made["policyOverride"]["id"]))["policyOverrideEnd"]
    assert again["errors"] == [{"code": "ENDED", "path": ["id"]}]
    listed = (await owner.run(LISTED))["policyOverrides"]
    assert [(one["reason"], one["endedBy"]) for one in listed if one["rule"] == "ALCOHOL"] == [
        ("They check the age", "Isv_Operator")
    ]
    assert (await operator.run(OVERRIDE, input=given))["policyOverride"]["errors"] == []
    product.clock.advance(timedelta(minutes=5))
    assert (await _send(tenant.machine, contacts, body, "3"))["errors"][0]["code"] == "POLICY"


async def test_an_exception_without_a_reason_or_an_end_is_none(product: Product) -> None:
    tenant, operator = await _no_exceptions(product)
    now, day = product.clock.now(), timedelta(days=1)
    for reason, ahead, path in (("  ", day, "reason"), ("x" * 501, day, "reason"), ("x", 0 * day, "until")):
        given = {"tenantId": to_global("Tenant", tenant.id), "rule": "SEX", "reason": reason}
        answer = await operator.run(OVERRIDE, input=given | {"until": (now + ahead).isoformat()})
        assert answer["policyOverride"]["errors"] == [{"code": "INVALID", "path": ["input", path]}]
    far = {"tenantId": to_global("Tenant", tenant.id), "rule": "SEX", "reason": "x"}
    answer = await operator.run(OVERRIDE, input=far | {"until": (now + 367 * day).isoformat()})
    assert answer["policyOverride"]["errors"] == [{"code": "INVALID", "path": ["input", "until"]}]
    assert len((await tenant.machine.run(LISTED))["policyOverrides"]) == 1
