"""Messages of a range of time: its start is in it, its end is not, and any instant may be asked for."""

from datetime import UTC, datetime, timedelta

from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.product import Product

MESSAGES = """query ($from: DateTime!, $until: DateTime!) {
  messages(first: 100, filter: {createdIn: {from: $from, until: $until}}) { nodes { createdAt } }
}"""
STEP = timedelta(microseconds=700)  # some are of one millisecond


async def test_a_range_holds_its_start_and_not_its_end(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    instants = []
    for number in range(6):
        await send(tenant.machine, contacts, key=str(number))
        instants.append(product.clock.now())
        product.clock.advance(STEP)

    async def found(start: datetime, until: datetime) -> int:
        data = await tenant.machine.run(MESSAGES, **{"from": start.isoformat(), "until": until.isoformat()})
        return len(data["messages"]["nodes"])

    for first, start in enumerate(instants):
        for after, until in enumerate(instants):
            assert await found(start, until) == max(0, after - first)
    assert await found(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)) == len(instants)
    assert await found(datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)) == 0
