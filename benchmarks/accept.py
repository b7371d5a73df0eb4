"""Accepting messages: sends to a thousand contacts against sends to one, in recipients a second."""

import secrets
from collections.abc import Iterator

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare
from benchmarks.lists import access_token, operation
from benchmarks.load import Load
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
    async with portal(stage) as server:
        token = await access_token(stage, server.port)

        def variant(name: str, recipients: int) -> Variant:
            accepted = f'"accepted":{recipients}}}'.encode()
            load = Load(server.port, _sends(stage, token, recipients), CONNECTIONS, containing=accepted)

            async def play() -> Turn:
                turn = await load.last(seconds)
                return Turn(turn.done * recipients, turn.seconds)

            return Variant(name, play, server.pid)

        variants = [
            variant(f"sends to {MANY:,} contacts each, for each recipient", MANY),
            variant("sends to one contact each", 1),
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
