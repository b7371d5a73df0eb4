"""The prices of messages in the schema, read together for a page."""

from uuid import UUID

from portal.messages.prices import MessagePrice, read_prices
from portal_schema.context import Info


async def load_price(info: Info, key: UUID) -> MessagePrice | None:
    """The price of a message that the tenant sent, or None: one read for all that are asked for side by side."""

    async def load(keys: list[UUID]) -> list[MessagePrice | None]:
        async with info.context.reading() as tx:
            prices = await read_prices(tx, list(set(keys)))
        return [prices.get(asked) for asked in keys]

    found: MessagePrice | None = await info.context.loader("message price", load).load(key)
    return found
