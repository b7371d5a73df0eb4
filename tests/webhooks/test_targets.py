"""Where events never go: every way into a private network that is known, at the door and at each delivery."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from api.webhook_client import HttpWebhookClient
from portal.database.address import DatabaseAddress
from portal.webhooks.client import Answer, NoAnswer
from portal.webhooks.delivering import WebhookDelivery
from portal.webhooks.targets import NOT_PUBLIC, Network, is_public, may_reach
from tests.certificates import tls
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from tests.webhooks.conftest import CREATE, DEADLINE, Integration, integrate
from tests.webhooks.receiver import Receiver, answering

LOOPBACK = (ip_network("127.0.0.0/8"),)
HOSTILE = [
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/",
    "https://127.1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[ff02::1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://user:password@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1\\@example.com/",
    "https://example.com/#fragment",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:99999/",
    "https://example.com:port/",
    "https:///no-host",
    "https:example.com",
    "https://exa mple.com/",
    "https://example.com/\r\nX-Injected: 1",
    "https://\u24dbocalhost/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "http://9.9.9.9/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "//example.com/",
    "example.com",
    "",
    "https://example.com/" + "x" * 2000,
]


class Names(AbstractResolver):
    """Resolves names as a test says; each look-up takes the next answer, the last one stays."""

    def __init__(self, *answers: Iterable[str]) -> None:
        self._answers = [list(answer) for answer in answers]

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The next answer."""
        assert family in {socket.AF_UNSPEC, socket.AF_INET}
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not found:
            raise OSError("no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def client(
    *answers: Iterable[str], allowed: tuple[Network, ...] = (), trust: ssl.SSLContext | None = None
) -> AsyncIterator[HttpWebhookClient]:
    """A client to whom names resolve so, and who trusts so."""
    names, clock = Names(*answers or ([],)), TurnableClock()
    async with HttpWebhookClient.open(allowed, clock, resolver=names, tls=trust, deadline=DEADLINE) as opened:
        yield opened


@pytest.mark.parametrize("url", HOSTILE)
async def test_gq_10_a_url_into_a_private_network_is_refused_when_it_is_set_and_when_it_is_sent_to(url: str) -> None:
    async with client(["127.0.0.1"]) as opened:
        problem = await opened.problem_of(url)
        assert problem is not None
        assert "127.0.0.1" not in problem
        assert isinstance(await opened.post(url, {}, b"{}"), NoAnswer)


async def test_gq_10_the_api_refuses_each_of_them_and_nothing_is_made(
    address: DatabaseAddress, clock: TurnableClock, simulator: str
) -> None:
    async with serve_product(address, clock, simulator) as product:  # whose operator allows no network
        integration = await integrate(product)
        for url in HOSTILE:
            given = {"url": url, "events": ["ALERT_RAISED"]}
            made = (await integration.owner.run(CREATE, input=given))["webhookEndpointCreate"]
            refused = [(error["code"], error["path"]) for error in made["errors"]]
            assert refused == [("URL_NOT_ALLOWED", ["input", "url"])], url
            assert made["secret"] is made["webhookEndpoint"] is None
        assert (await integration.owner.run("{ webhookEndpoints { id } }"))["webhookEndpoints"] == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["9.9.9.9", "10.0.0.1"],  # mixed: a resolver may hand out either
        ["2620:fe::fe", "fd00::1"],
        [],
    ],
)
async def test_gq_10_a_name_counts_by_every_address_that_it_has(addresses: list[str]) -> None:
    async with client(addresses) as opened:
        assert await opened.problem_of("https://127-0-0-1.nip.example/") == NOT_PUBLIC
        outcome = await opened.post("https://127-0-0-1.nip.example/", {}, b"{}")
    assert outcome == NoAnswer(NOT_PUBLIC)  # one answer, so that nobody learns which names there are inside


async def test_gq_10_a_name_that_moves_into_the_network_after_the_check_is_not_followed(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    url = f"https://rebinding.example:{port}/"
    async with client(["9.9.9.9"], ["127.0.0.1"]) as opened:
        assert await opened.problem_of(url) is None
        outcome = await opened.post(url, {}, b"{}")
    assert outcome == NoAnswer(NOT_PUBLIC)
    assert receiver.requests == []


async def test_gq_10_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_given(
    receiver: Receiver,
) -> None:
    url = receiver.url.replace("127.0.0.1", "inside.example")
    async with client(["127.0.0.1"], allowed=LOOPBACK) as opened:
        assert await opened.problem_of(url) is None
        outcome = await opened.post(url, {"x": "y"}, b"{}")
    assert isinstance(outcome, Answer)
    assert receiver.requests[0].headers["host"].startswith("inside.example:")


async def test_gq_10_http_is_for_the_operator_s_networks_alone_even_where_the_name_moves(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "inside.example")
    async with client(["127.0.0.1"], ["9.9.9.9"], allowed=LOOPBACK) as opened:
        assert await opened.problem_of(url) is None
        assert isinstance(await opened.post(url, {}, b"{}"), NoAnswer)
        assert await opened.problem_of(url) is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_gq_10_a_redirection_into_the_network_is_not_followed(
    status: int, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(status, Location=receiver.url.replace("/events", "/private"))
    await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    assert [one.path for one in receiver.requests] == ["/events"]
    assert (await integration.deliveries())[0]["deliveredAt"] is None


async def test_gq_10_the_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.url)
    async with client(["127.0.0.1"], allowed=LOOPBACK) as opened:
        assert isinstance(await opened.post("https://9.9.9.9:1/", {}, b"{}"), NoAnswer)
        assert isinstance(await opened.post(receiver.url, {}, b"{}"), Answer)
    assert [one.path for one in receiver.requests] == ["/events"]


async def test_gq_10_the_certificate_has_to_be_the_name_s_and_trusted(tmp_path: Path) -> None:
    ours, trust = tls(tmp_path, "inside.example")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with await asyncio.start_server(take, "127.0.0.1", 0, ssl=ours) as server:
        port = server.sockets[0].getsockname()[1]
        outcomes = []
        for name, trusted in (("inside", trust), ("other", trust), ("inside", None)):
            async with client(["127.0.0.1"], allowed=LOOPBACK, trust=trusted) as opened:
                outcomes.append(await opened.post(f"https://{name}.example:{port}/", {}, b"{}"))
    wrong = NoAnswer("Its certificate is not valid for this host.")
    assert outcomes == [Answer(204, ""), wrong, wrong]


async def test_a_name_on_the_public_internet_may_be_gone_to() -> None:
    async with client(["9.9.9.9", "2620:fe::fe"]) as opened:
        for url in ("https://example.com/webhooks?a=b", "https://example.com:8443/", "https://xn--bcher-kva.example/"):
            assert await opened.problem_of(url) is None


@given(st.ip_addresses())
def test_no_address_is_public_that_the_standard_library_knows_for_special(address: IPv4Address | IPv6Address) -> None:
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    assert not (special and is_public(address))
    assert may_reach(address, [ip_network(f"{address}/{address.max_prefixlen}")])


@given(st.ip_addresses(v=4))
def test_an_address_of_ipv6_with_one_of_ipv4_inside_is_never_public(address: IPv4Address) -> None:
    number = int(address)
    for inside in (
        IPv6Address(0xFFFF << 32 | number),  # mapped
        IPv6Address(number),  # compatible
        IPv6Address(0x64FF9B << 96 | number),  # NAT64
        IPv6Address(0x2002 << 112 | number << 80),  # 6to4
        IPv6Address(0x20010000 << 96 | number ^ 0xFFFFFFFF),  # Teredo
    ):
        assert not is_public(inside)


def test_what_everybody_reaches_is_public() -> None:
    assert all(map(is_public, map(ip_address, ("9.9.9.9", "8.8.8.8", "2620:fe::fe", "2606:4700:4700::1111"))))
