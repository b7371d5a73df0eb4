"""Plans that the operator puts on sale for a test, and gives to a tenant."""

from typing import Any

from tests.page.visitor import Visitor

PUBLISH = """mutation ($input: PlanInput!) {
  planPublish(input: $input) { plan { id } errors { message path } }
}"""
ASSIGN = "mutation ($id: ID!, $planId: ID!) { tenantPlanAssign(id: $id, planId: $planId) { errors { message } } }"
KNOWN = "query { tenants { nodes { id name plan { plan { id } } } } }"
PLAN: dict[str, Any] = {
    "strategy": "TIER",
    "currency": "USD",
    "fee": "99",
    "allowance": {"amount": 1_000, "unit": "MESSAGES", "per": "DAY"},
}


async def publish(operator: Visitor, name: str, **terms: Any) -> str:
    """Put a plan on sale, as somebody who is signed in as the operator; its id."""
    made = (await operator.run(PUBLISH, input=PLAN | {"name": name} | terms))["planPublish"]
    assert made["errors"] == []
    return str(made["plan"]["id"])


async def assign(operator: Visitor, tenant: str, plan_id: str) -> str:
    """Let a tenant have this plan at once; the id of the one that it had."""
    (found,) = [one for one in (await operator.run(KNOWN))["tenants"]["nodes"] if one["name"] == tenant]
    made = (await operator.run(ASSIGN, id=found["id"], planId=plan_id))["tenantPlanAssign"]
    assert made["errors"] == []
    return str(found["plan"]["plan"]["id"])
