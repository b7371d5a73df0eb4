"""What proving who asks costs, as shares of a page of 50 messages: the page is a unit, the rest is measured in it."""

import base64
import itertools
import os
from urllib.parse import urlencode

from auth.keys import SigningKeys
from auth.oauth.holders import find_holder
from auth.permissions import machine_permissions
from auth.tokens import AccessTokens, SubjectKind, TokenSubject
from benchmarks.comparing import Ratio, Say, Variant, compare, cpu_seconds, repeating
from benchmarks.lists import CONNECTIONS, QUERY, access_token, operation
from benchmarks.load import Load, request
from benchmarks.servers import portal
from benchmarks.stage import POOL_SIZE, Stage, Tenant
from portal.clock import SystemClock, new_id
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox

_NEW_TOKENS = 3_000  # more than a process remembers, so that each comes as a new one


async def identity(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them; the share of the page's time is what stands where a ratio stands elsewhere."""
    clock, own = SystemClock(), os.getpid()
    database = await Database.connect(stage.login, pool_size=POOL_SIZE)
    keys = SigningKeys(database, clock, SecretBox(stage.secret))
    tokens = AccessTokens(keys, clock, issuer=stage.public_url)
    try:
        async with portal(stage) as server:
            token = await access_token(stage, server.port)
            page = Load(server.port, itertools.repeat(operation({"query": QUERY}, token)), CONNECTIONS)
            asking = Load(server.port, itertools.repeat(_token_request(stage.tenant)), CONNECTIONS)
            new = itertools.cycle(await _new_tokens(stage.tenant, keys, tokens))

            async def validated() -> None:
                await tokens.validate(token)

            async def validated_anew() -> None:
                await tokens.validate(next(new))

            async def authenticated() -> None:
                says = await tokens.validate(token)
                async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
                    await find_holder(tx, clock.now(), says)

            variants = [
                Variant("a page of 50 messages", lambda: page.last(seconds), server.pid),
                Variant("an access token validated, seen before", repeating(validated, seconds), own),
                Variant("an access token validated, a new one", repeating(validated_anew, seconds), own),
                Variant("validated, and its holder read", repeating(authenticated, seconds), own),
                Variant("a token request", lambda: asking.last(seconds), server.pid),
            ]
            ratios = await compare("identity", variants, rounds, say)
            say(f"identity   a token request takes {await _cpu_of(asking, server.pid, seconds):.1f} ms of CPU time")
    finally:
        await database.close()
    return ratios


async def _new_tokens(tenant: Tenant, keys: SigningKeys, tokens: AccessTokens) -> list[str]:
    key = await keys.current()
    scope = " ".join(permission.scope for permission in machine_permissions())
    subject = TokenSubject(SubjectKind.CLIENT, new_id(SystemClock().now()), tenant.client_id, tenant.id, None)
    return [tokens.issue(key, subject, scope) for _ in range(_NEW_TOKENS)]


def _token_request(tenant: Tenant) -> bytes:
    credentials = base64.b64encode(f"{tenant.client_id}:{tenant.client_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
    return request("/oauth/token", urlencode({"grant_type": "client_credentials"}).encode(), headers)


async def _cpu_of(load: Load, pid: int, seconds: float) -> float:
    before = cpu_seconds(pid)
    turn = await load.last(seconds)
    return (cpu_seconds(pid) - before) / turn.done * 1_000
