"""Accepting messages: sends to a thousand contacts against sends to one, in recipients a second.

And what the ledger takes of it: the same sends that reserve nothing.
"""

import secrets
from collections.abc import Iterator

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare
from benchmarks.lists import access_token, operation
from benchmarks.load import Load
from benchmarks.servers import Server, peer, portal
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
    async with portal(stage) as server, peer("unreserved", "benchmarks.unreserved:create_app", stage) as unreserved:

        async def variant(name: str, recipients: int, server: Server, connections: int = 1) -> Variant:
            token = await access_token(stage, server.port)
            accepted = f'"accepted":{recipients}}}'.encode()
            load = Load(server.port, _sends(stage, token, recipients), connections, containing=accepted)

            async def play() -> Turn:
                turn = await load.last(seconds)
                return Turn(turn.done * recipients, turn.seconds)

            return Variant(name, play, server.pid)

        many = f"sends to {MANY:,} contacts each, for each recipient"
        one = "sends to one contact each"
        ratios = []
        for variants in (
            [await variant(many, MANY, server, CONNECTIONS), await variant(one, 1, server, CONNECTIONS)],
            [await variant(one, 1, server), await variant(f"{one}, without reserving", 1, unreserved)],
            [await variant(many, MANY, server), await variant(f"{many}, without reserving", MANY, unreserved)],
        ):
            ratios += await compare("accept", variants, rounds, say)
        return ratios


def _sends(stage: Stage, token: str, recipients: int) -> Iterator[bytes]:
    contact_ids = [to_global("Contact", contact_id) for contact_id in stage.tenant.contact_ids[:recipients]]
    while True:
        given = {
            "idempotencyKey": secrets.token_hex(16),
            "recipients": {"contactIds": contact_ids},
            "body": "Your bike is ready. Reply STOP to opt out.",
        }
        yield operation({"query": SEND, "variables": {"input": given}}, token)
