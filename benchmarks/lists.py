"""A page of 50 messages with their contacts, about 700 fields: the portal against the same list as documented."""

import base64
import itertools
from typing import Any
from urllib.parse import urlencode

import orjson

from benchmarks.comparing import Ratio, Say, Variant, compare
from benchmarks.load import Load, ask, request
from benchmarks.servers import Server, peer, portal
from benchmarks.stage import Stage, Tenant

CONNECTIONS = 16
PAGE = 50
QUERY = (
    f"{{ messages(first: {PAGE}) {{ nodes {{ id status statusAt createdAt direction channel body encoding segments "
    "contact { id name number country } } } }"
)


class DifferentAnswersError(Exception):
    """The two servers did not do the same work."""


async def lists(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them."""
    as_superuser = {"DATABASE_URL": stage.superuser.url(), "TENANT_ID": str(stage.tenant.id)}
    documented = peer("documented", "benchmarks.documented:create_app", stage, **as_superuser)
    async with portal(stage) as own, documented as other:
        signed_in = operation({"query": QUERY}, await access_token(stage, own.port))
        anonymous = operation({"query": QUERY}, None, path="/graphql/")
        _require_same(await ask(own.port, signed_in), await ask(other.port, anonymous))

        def variant(name: str, server: Server, asked: bytes) -> Variant:
            load = Load(server.port, itertools.repeat(asked), CONNECTIONS)
            return Variant(name, lambda: load.last(seconds), server.pid)

        variants = [
            variant("portal: token, permissions, row-level security", own, signed_in),
            variant("Strawberry + Tortoise as documented, without these", other, anonymous),
        ]
        return await compare("lists", variants, rounds, say)


async def access_token(stage: Stage, port: int, tenant: Tenant | None = None) -> str:
    """An access token for the stage's API client, or another."""
    tenant = tenant or stage.tenant
    credentials = base64.b64encode(f"{tenant.client_id}:{tenant.client_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"grant_type": "client_credentials"}).encode()
    token: str = orjson.loads(await ask(port, request("/oauth/token", body, headers)))["access_token"]
    return token


def operation(body: dict[str, Any], token: str | None, *, path: str = "/graphql") -> bytes:
    """The request of a GraphQL operation."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return request(path, orjson.dumps(body), headers)


def _require_same(own: bytes, other: bytes) -> None:
    """All values have to be alike but ids, which the portal makes opaque, and how instants are written."""
    pages = [orjson.loads(answer)["data"]["messages"]["nodes"] for answer in (own, other)]
    for node in itertools.chain(*pages):
        for place in (node, node["contact"]):
            place.pop("id")
        for name in ("statusAt", "createdAt"):
            node[name] = node[name][: len("2026-11-20T14:30:00.000")]
    if pages[0] != pages[1] or len(pages[0]) != PAGE:
        raise DifferentAnswersError("the servers' lists differ, so their speeds cannot be compared")
