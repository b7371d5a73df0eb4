"""Rate cards as the operator publishes them, and what is kept of them."""

from typing import Any

from portal.database import Database, DatabaseRole
from tests.product import Caller

PUBLISH = """mutation ($input: RateCardPublishInput!) {
  rateCardPublish(input: $input) { rateCard { version currency source publishedBy } errors { code path message } }
}"""


def rate(price: str, country: str | None = None, category: str = "sms-outbound") -> dict[str, Any]:
    """A rate as a client gives it; without a country that of everywhere else."""
    return {"category": category, "country": country, "price": price}


def card(*rates: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A card of the operator's own."""
    return {"source": "FILE", "currency": "USD", "rates": [rate("0.1"), rate("0.0083", "US"), *rates]} | changes


async def publish(caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
    """The payload of a publication."""
    answer: dict[str, Any] = (await caller.run(PUBLISH, input=given))["rateCardPublish"]
    return answer


async def kept(database: Database) -> list[tuple[int, str, int]]:
    """Each card's version, source, and how many rates it has."""
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT version, source, (SELECT count(*) FROM rate WHERE rate_card_id = rate_card.id) AS rates "
            "FROM rate_card ORDER BY version"
        )
    return [(row["version"], row["source"], row["rates"]) for row in rows]
