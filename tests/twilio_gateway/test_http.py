"""The http client under the SDK: each of the SDK's own client's defects has its test here."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from portal.messages.provider import ProviderCredentials
from tests.twilio_gateway.receiver import Received, Receiver
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import ErrorAnswerError, NoAnswerError, NotSentError, PortalTwilioHttp

ACCOUNT = "AC" + "1" * 32
CREDENTIALS = ProviderCredentials(ACCOUNT, "SK" + "1" * 32, "secret")


@pytest.fixture
async def http(receiver: Receiver) -> AsyncIterator[PortalTwilioHttp]:
    async with PortalTwilioHttp(api_base=receiver.address, timeout=timedelta(seconds=5)) as http:
        yield http


def json_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


async def test_the_deadline_fires_when_the_other_side_says_nothing() -> None:
    started = asyncio.Event()
    release = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started.set()
        await release.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    began = monotonic()
    async with PortalTwilioHttp(api_base=address, timeout=timedelta(milliseconds=200)) as http:
        with pytest.raises(NoAnswerError, match="TimeoutError"):
            await http.request("GET", "https://api.twilio.com/x")
    assert started.is_set()
    assert 0.2 <= monotonic() - began < 20  # the SDK alone would wait for ever
    release.set()
    server.close()
    await server.wait_closed()


async def test_the_deadline_also_holds_for_a_body_that_never_ends() -> None:
    release = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await release.wait()
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with PortalTwilioHttp(api_base=address, timeout=timedelta(milliseconds=200)) as http:
        with pytest.raises(NoAnswerError, match="TimeoutError"):
            await http.request("GET", "https://api.twilio.com/x")
    release.set()
    server.close()
    await server.wait_closed()


async def test_a_connection_that_does_not_come_about_is_known_not_to_have_sent() -> None:
    async with PortalTwilioHttp(api_base="http://127.0.0.1:1", timeout=timedelta(seconds=2)) as http:
        with pytest.raises(NotSentError):
            await http.request("POST", "https://api.twilio.com/x", data={"a": "b"})


async def test_a_wait_for_a_free_connection_is_known_not_to_have_sent(receiver: Receiver) -> None:
    release = asyncio.Event()
    arrived = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await release.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with PortalTwilioHttp(api_base=address, timeout=timedelta(seconds=1), connections=1) as http:
        first = asyncio.create_task(http.request("POST", "https://api.twilio.com/x", data={}))
        await arrived.wait()
        with pytest.raises(NotSentError):
            await http.request("POST", "https://api.twilio.com/y", data={})
        with pytest.raises(NoAnswerError):
            await first
    release.set()
    server.close()
    await server.wait_closed()


async def test_a_json_resource_is_sent_as_json(http: PortalTwilioHttp, receiver: Receiver) -> None:
    receiver.answer = lambda _: json_answer(201, {"sid": "HX" + "1" * 32})
    contents = Client("AC1", "token", http_client=http).content.v1.contents
    model = ContentList.ContentCreateRequest(
        {"friendly_name": "x", "language": "en", "variables": {"1": "Alice"}, "types": {"twilio/text": {"body": "hi"}}}
    )
    await contents.create_async(model)
    [seen] = receiver.received
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.path == "/content/v1/Content"
    assert '"variables":{"1":"Alice"}' in seen.body


async def test_a_form_resource_is_sent_as_a_form(http: PortalTwilioHttp, receiver: Receiver) -> None:
    receiver.answer = lambda _: json_answer(201, {})
    await http.request(
        "POST",
        "https://api.twilio.com/x",
        data={"To": "+12025550100", "MediaUrl": ["a", "b"], "Flag": True},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    [seen] = receiver.received
    assert seen.body == "To=%2B12025550100&MediaUrl=a&MediaUrl=b&Flag=true"


async def test_fifty_at_once_each_get_their_own_answer(receiver: Receiver) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(random.random() / 100)
            body = b'"' + head.split(b" ")[1] + b'"'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await echo(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    limit = asyncio.Semaphore(50)
    async with PortalTwilioHttp(api_base=address, timeout=timedelta(seconds=10)) as http:

        async def ask(number: int) -> str:
            async with limit:
                return (await http.request("GET", f"https://api.twilio.com/{number}")).text

        answers = await asyncio.gather(*[ask(number) for number in range(1000)])
        assert not {name for name in vars(http) if "last" in name}
    assert answers == [f'"/api/{number}"' for number in range(1000)]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_is_sent_again_by_itself(
    http: PortalTwilioHttp, receiver: Receiver, method: str, status: int
) -> None:
    receiver.answer = lambda _: json_answer(status, {"code": 20429}, {"Retry-After": "7"})
    with pytest.raises(ErrorAnswerError) as raised:
        await http.request(method, "https://api.twilio.com/x", data={} if method == "POST" else None)
    assert (raised.value.status, raised.value.code) == (status, 20429)
    assert raised.value.retry_after == timedelta(seconds=7)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("header", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "nan", "1e400"])
async def test_a_retry_after_that_is_no_number_is_left_out(
    http: PortalTwilioHttp, receiver: Receiver, header: str
) -> None:
    receiver.answer = lambda _: json_answer(429, {}, {"Retry-After": header})
    with pytest.raises(ErrorAnswerError) as raised:
        await http.request("GET", "https://api.twilio.com/x")
    assert raised.value.retry_after is None


async def test_a_redirect_is_an_error_and_not_followed(http: PortalTwilioHttp, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=302, headers={"Location": "/elsewhere"})
    with pytest.raises(ErrorAnswerError) as raised:
        await http.request("GET", "https://api.twilio.com/x")
    assert raised.value.status == 302
    assert [seen.path for seen in receiver.received] == ["/api/x"]


@pytest.mark.parametrize(
    "body",
    [
        {"code": 20003, "message": "Authenticate", "more_info": "", "status": 401},
        {"type": "about:blank", "title": "No", "status": 401, "code": 20003, "errors": [{"detail": "+12025550100"}]},
    ],
    ids=["classic", "RFC 9457"],
)
async def test_every_kind_of_error_comes_as_one_class_with_its_code(
    http: PortalTwilioHttp, receiver: Receiver, body: dict[str, Any]
) -> None:
    receiver.answer = lambda _: json_answer(401, body)
    messages = TenantAccount(http, CREDENTIALS).messages
    for call in (
        messages.create_async(to="+12025550100", body="x"),
        messages.list_async(),
        messages("SM1").fetch_async(),
        messages("SM1").update_async(body=""),
        messages("SM1").delete_async(),
    ):
        with pytest.raises(ErrorAnswerError) as raised:
            await call
        assert (raised.value.status, raised.value.code) == (401, 20003)
        assert not isinstance(raised.value, TwilioException)
        assert "+1202" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", '{"code": "x"}', '{"code": null}'])
async def test_an_error_without_a_code_is_still_an_error(http: PortalTwilioHttp, receiver: Receiver, text: str) -> None:
    receiver.answer = lambda _: web.Response(status=502, text=text)
    with pytest.raises(ErrorAnswerError) as raised:
        await http.request("GET", "https://api.twilio.com/x")
    assert (raised.value.status, raised.value.code) == (502, None)


async def test_the_process_environment_changes_nothing(
    http: PortalTwilioHttp, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    receiver.answer = lambda _: json_answer(201, {"sid": "SM1"})
    await TenantAccount(http, CREDENTIALS).messages.create_async(to="+12025550100", body="x")
    assert [seen.path for seen in receiver.received] == [f"/api/2010-04-01/Accounts/{ACCOUNT}/Messages.json"]


@pytest.mark.parametrize(
    "address",
    [
        "https://twilio.com.example.org/x",
        "https://api.twilio.com.example.org/x",
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://someone@api.twilio.com/x",
        "https://eviltwilio.com/x",
        "/x",
    ],
)
async def test_credentials_go_nowhere_but_to_twilio(http: PortalTwilioHttp, receiver: Receiver, address: str) -> None:
    with pytest.raises(ValueError, match="not an address of Twilio's"):
        await http.request("GET", address, auth=("user", "secret"))
    assert receiver.received == []


async def test_a_next_page_elsewhere_is_not_asked_for(http: PortalTwilioHttp, receiver: Receiver) -> None:
    body = {"services": [], "meta": {"key": "services", "next_page_url": "https://example.org/v1/Services?Page=1"}}
    receiver.answer = lambda _: json_answer(200, body)
    services = Client("AC1", "token", http_client=http).messaging.v1.services
    with pytest.raises(ValueError, match="not an address of Twilio's"):
        await services.list_async()
    assert len(receiver.received) == 1


async def test_tenants_share_no_cookies(http: PortalTwilioHttp, receiver: Receiver) -> None:
    receiver.answer = lambda _: json_answer(200, {}, {"Set-Cookie": "session=first-tenant; Path=/"})
    for _ in range(2):
        await http.request("GET", "https://api.twilio.com/x")
    assert ["Cookie" in seen.headers for seen in receiver.received] == [False, False]


async def test_nothing_about_a_request_is_logged(
    http: PortalTwilioHttp, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(seen: Received) -> web.StreamResponse:
        return json_answer(201 if seen.method == "POST" else 404, {"sid": "SM1", "code": 20404})

    receiver.answer = answer
    caplog.set_level(logging.DEBUG)
    messages = TenantAccount(http, CREDENTIALS).messages
    await messages.create_async(to="+12025550100", body="a private text")
    with pytest.raises(ErrorAnswerError):
        await messages.list_async(to="+12025550100")
    texts = " ".join(record.getMessage() for record in caplog.records)
    assert "2025550100" not in texts
    assert "private" not in texts
    assert "secret" not in texts
