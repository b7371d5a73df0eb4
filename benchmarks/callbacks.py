"""Signed status callbacks: commits shared by a group against a commit for each, and against no storing at all."""

import itertools
import random
from contextlib import AsyncExitStack
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from api.webhooks import callback_url
from benchmarks.comparing import Measure, Ratio, Say, Variant, compare
from benchmarks.inboxes import INBOX, INBOXES
from benchmarks.load import answers_per_second, request
from benchmarks.servers import peer
from benchmarks.stage import Stage
from portal.clock import SystemClock, new_id

CONNECTIONS = 64
PREPARED = 2_000
_NAMES = {
    "grouped": "portal: commits shared by those that come together",
    "one-by-one": "the same with a transaction for each",
    "nowhere": "the same without storing: HTTP and signature alone",
}


async def callbacks(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them."""
    requests = itertools.cycle(_prepared(stage, random.Random(stage.seed)))

    def calling(port: int) -> Measure:
        return lambda: answers_per_second(port, requests, connections=CONNECTIONS, seconds=seconds, expected=204)

    async with AsyncExitStack() as open_servers:
        variants = []
        for inbox in INBOXES:
            server = peer(stage, inbox, "benchmarks.inboxes:create_app", **{INBOX: inbox})
            port = await open_servers.enter_async_context(server)
            variants.append(Variant(_NAMES[inbox], calling(port)))
        return await compare("callbacks", variants, rounds, say)


def _prepared(stage: Stage, chance: random.Random) -> list[bytes]:
    return [_callback(stage, chance) for _ in range(PREPARED)]


def _callback(stage: Stage, chance: random.Random) -> bytes:
    tenant, sid = stage.tenant, f"SM{chance.randbytes(16).hex()}"
    url = callback_url(stage.public_url)(tenant.id, new_id(SystemClock().now()))
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
