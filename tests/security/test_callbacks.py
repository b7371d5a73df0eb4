"""A callback that makes no sense holds up none behind it."""

from typing import Any

import httpx2

from tests.messages.callbacks import Twilio, fields_of
from tests.messages.traffic import add_contacts, messages, plain_numbers, send
from tests.product import Product


async def test_an_error_code_of_thousands_of_digits_is_an_unknown_one(product: Product) -> None:
    tenant = await product.tenant()
    sent: Any = await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(2)))
    assert sent["errors"] == []
    strange, good = [row["id"] for row in await messages(product, tenant)]
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        twilio = Twilio(product, http)
        assert await twilio.call(tenant, strange, fields_of(tenant, "failed", ErrorCode="9" * 5_000)) == 204
        assert await twilio.call(tenant, good, fields_of(tenant, "delivered", sid="SM" + "2" * 32)) == 204
    assert await product.apply_callbacks() == 2
    found = [(row["status"], row["issue"]) for row in await messages(product, tenant)]
    assert found == [("FAILED", "UNKNOWN"), ("DELIVERED", None)]
