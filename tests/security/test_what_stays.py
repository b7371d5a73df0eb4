"""What attacks and everyday work leave behind in the files: no secret and nobody's content."""

import stat
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.shell.installation import Installation
from tests.waiting import until

NUMBER = "+12025550143"
BODY = "a body that only its reader may see, with STOP in it"
FIELD = "a field that only its owner may see"
FROM_THE_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def secrets_of_a_day(installation: Installation) -> list[str]:
    """What an installation was given while it worked and was attacked."""
    await installation.start()
    demo = installation.demo()
    client, account = demo["clients"][0], demo["accounts"][0]
    async with httpx2.AsyncClient(base_url=installation.url, trust_env=False, timeout=30) as http:
        own = (client["client_id"], client["client_secret"])
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=own)
        token = answer.json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        await _work(http)
        await _attack(http, token)
        del http.headers["Authorization"]
        form = {"email": account["email"], "password": account["password"]}
        assert (await http.post("/sign-in", data=form | {"password": BODY}, headers=FROM_THE_PAGE)).status_code == 401
        answer = await http.post("/sign-in", data=form, headers=FROM_THE_PAGE)
    assert answer.status_code == 303
    session = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    return [NUMBER, BODY, FIELD, token, token.split(".")[1], session, client["client_secret"], *form.values()]


async def _run(http: httpx2.AsyncClient, query: str, **variables: Any) -> Any:
    return (await http.post("/graphql", json={"query": query, "variables": variables})).json()


async def _work(http: httpx2.AsyncClient) -> None:
    contact = "mutation ($i: ContactCreateInput!) { contactCreate(input: $i) { contact { id } errors { code } } }"
    made = await _run(http, contact, i={"number": NUMBER, "fields": {"note": FIELD}})
    again = await _run(http, contact, i={"number": NUMBER, "fields": {"note": FIELD + "\0"}})
    assert "contactCreate" not in (again.get("data") or {})
    taken = await _run(http, contact, i={"number": NUMBER})
    assert taken["data"]["contactCreate"]["errors"] == [{"code": "NUMBER_TAKEN"}]
    recipients = {"contactIds": [made["data"]["contactCreate"]["contact"]["id"]]}
    send = "mutation ($i: MessageSendInput!) { messageSend(input: $i) { batch { accepted } } }"
    sent = await _run(http, send, i={"idempotencyKey": "once", "recipients": recipients, "body": BODY})
    assert sent["data"]["messageSend"]["batch"]["accepted"] == 1

    async def arrived() -> bool:
        answer = await _run(http, "{ messages(first: 1) { nodes { status body } } }")
        return bool(answer["data"]["messages"]["nodes"] == [{"status": "DELIVERED", "body": BODY}])

    await until(arrived)


async def _attack(http: httpx2.AsyncClient, token: str) -> None:
    forged = {"Authorization": f"Bearer {token[:-8]}AAAAAAAA", "X-Request-Id": NUMBER}
    assert (await http.post("/graphql", json={"query": BODY}, headers=forged)).status_code == 401
    assert (await http.post(f"/graphql?query={NUMBER}", content=BODY)).status_code == 415
    assert (await http.get(f"/{NUMBER}", params={"access_token": token})).status_code in {404, 503}
    path = f"/webhooks/twilio/{uuid4()}/messages/{uuid4()}"
    assert (await http.post(path, data={"To": NUMBER, "Body": BODY, "AuthToken": FIELD})).status_code == 403


async def test_rs_38_no_log_holds_a_secret_a_number_or_a_text_and_nobody_else_reads_the_keys(
    installation: Installation, secrets_of_a_day: list[str]
) -> None:
    logs = [*(installation.home / "logs").iterdir(), *installation.home.glob("*.log")]
    assert {log.name for log in logs} >= {"api.log", "worker.log", "simulator.log", "postgresql-18.log"}
    text = "".join(log.read_text() for log in logs)
    assert "sign-in refused" in text
    assert [secret for secret in secrets_of_a_day if secret in text] == []
    closed = [installation.home, *(installation.home / name for name in ("demo.json", "secret-key"))]
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in closed] == [0, 0, 0]
