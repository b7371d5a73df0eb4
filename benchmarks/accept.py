"""Accepting messages: sends to a thousand contacts against sends to one, in recipients a second."""

import secrets
from collections.abc import Iterator

from benchmarks.comparing import Measure, Ratio, Say, Variant, compare
from benchmarks.lists import access_token, operation
from benchmarks.load import answers_per_second
from benchmarks.servers import portal
from benchmarks.stage import Stage
from portal_schema.nodes import to_global

CONNECTIONS = 8
MANY = 1_000
SEND = (
    "mutation Send($input: MessageSendInput!) { messageSend(input: $input) "
    "{ batch { id accepted } errors { code message } } }"
)


async def accept(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them."""
    async with portal(stage) as port:
        token = await access_token(stage, port)

        def sending(recipients: int) -> Measure:
            requests = _sends(stage, token, recipients)

            async def recipients_per_second() -> float:
                sends = await answers_per_second(
                    port, requests, connections=CONNECTIONS, seconds=seconds, containing=accepted
                )
                return sends * recipients

            accepted = f'"accepted":{recipients}}}'.encode()
            return recipients_per_second

        variants = [
            Variant(f"one send to {MANY:,} contacts", sending(MANY)),
            Variant(f"{MANY:,} sends to one contact each", sending(1)),
        ]
        return await compare("accept", variants, rounds, say)


def _sends(stage: Stage, token: str, recipients: int) -> Iterator[bytes]:
    contact_ids = [to_global("Contact", contact_id) for contact_id in stage.tenant.contact_ids[:recipients]]
    while True:
        given = {
            "idempotencyKey": secrets.token_hex(16),
            "recipients": {"contactIds": contact_ids},
            "body": "Your bike is ready.",
        }
        yield operation({"query": SEND, "variables": {"input": given}}, token)
