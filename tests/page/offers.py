"""Plans that the operator puts on sale for a test."""

from typing import Any

from tests.page.visitor import Visitor

PUBLISH = """mutation ($input: PlanInput!) {
  planPublish(input: $input) { plan { id } errors { message path } }
}"""
PLAN: dict[str, Any] = {
    "strategy": "TIER",
    "currency": "USD",
    "fee": "99",
    "allowance": {"amount": 1_000, "unit": "MESSAGES", "per": "DAY"},
}


async def publish(operator: Visitor, name: str, **terms: Any) -> None:
    """Put a plan on sale, as somebody who is signed in as the operator."""
    made = (await operator.run(PUBLISH, input=PLAN | {"name": name} | terms))["planPublish"]
    assert made["errors"] == []
