"""The npm package standardwebhooks, not ours, believes what the portal sends, and nothing that was changed."""

import asyncio
import json
from pathlib import Path

from portal.webhooks.delivering import WebhookDelivery
from tests.node import MODULES, node_or_skip
from tests.webhooks.conftest import Integration
from tests.webhooks.receiver import Receiver


async def test_a_foreign_library_verifies_what_arrives_and_nothing_else(
    integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    node = node_or_skip()
    endpoint = await integration.create(receiver.url)
    await integration.happen(text="Grüße, €10 \N{OWL}\n")
    await delivery.run_once()
    (request,) = receiver.requests
    body = request.body.decode()
    genuine = {"body": body, "headers": request.headers}
    told = {
        "modules": str(MODULES),
        "secret": endpoint.secret,
        "requests": [
            genuine,
            genuine | {"body": body.replace("10", "99")},
            genuine | {"headers": request.headers | {"webhook-id": "evt_other"}},
        ],
    }
    script = str(Path(__file__).with_name("peer.mjs"))
    ran = await asyncio.create_subprocess_exec(node, script, json.dumps(told), stdout=asyncio.subprocess.PIPE)
    out, _ = await ran.communicate()
    assert ran.returncode == 0
    assert json.loads(out) == ["alert.raised", None, None]
