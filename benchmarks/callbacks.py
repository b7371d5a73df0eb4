"""Signed status callbacks: commits shared by a group against a commit for each, and no storing at all."""

import itertools
import random
from contextlib import AsyncExitStack
from urllib.parse import urlencode
from uuid import UUID

from twilio.request_validator import RequestValidator

from api.webhooks.addresses import callback_url
from benchmarks.comparing import Ratio, Say, Variant, compare
from benchmarks.inboxes import AUTH_TOKEN, INBOX
from benchmarks.load import Load, request
from benchmarks.servers import Server, peer
from benchmarks.stage import Stage
from portal.clock import SystemClock, new_id

CONNECTIONS = 64
PREPARED = 2_000
_NAMES = {
    "grouped": "portal: commits shared by those that come together",
    "one-by-one": "the same with a transaction for each",
    "nowhere": "the same without storing: HTTP and signature alone",
}
_BARE = "bare Starlette that checks the signature with the SDK and stores nothing"


async def callbacks(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them."""
    chance = random.Random(stage.seed)
    requests = itertools.cycle([callback(stage, chance, new_id(SystemClock().now())) for _ in range(PREPARED)])

    def variant(name: str, server: Server) -> Variant:
        load = Load(server.port, requests, CONNECTIONS, status=204)
        return Variant(name, lambda: load.last(seconds), server.pid)

    async with AsyncExitStack() as servers:
        variants = []
        for inbox, name in _NAMES.items():
            starting = peer(inbox, "benchmarks.inboxes:create_app", stage, **{INBOX: inbox})
            variants.append(variant(name, await servers.enter_async_context(starting)))
        bare = peer("bare", "benchmarks.inboxes:create_bare_app", stage, **{AUTH_TOKEN: stage.tenant.auth_token})
        variants.append(variant(_BARE, await servers.enter_async_context(bare)))
        return await compare("callbacks", variants, rounds, say)


def callback(stage: Stage, chance: random.Random, message_id: UUID) -> bytes:
    """A signed callback: this message was delivered."""
    tenant, sid = stage.tenant, f"SM{chance.randbytes(16).hex()}"
    url = callback_url(stage.public_url)(tenant.id, message_id)
    fields = {
        "AccountSid": tenant.account_sid,
        "ApiVersion": "2010-04-01",
        "From": "+12025550000",
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "RawDlrDoneDate": "2611201430",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": f"+1415555{chance.randrange(10_000):04}",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": RequestValidator(tenant.auth_token).compute_signature(url, fields),
    }
    return request(url.removeprefix(stage.public_url), urlencode(fields).encode(), headers)
