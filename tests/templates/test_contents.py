"""CONTENT templates: kept and filled by the provider, which gets each version once, whatever breaks."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from auth.permissions import machine_permissions
from portal.messages.confirming import CONFIRM_AFTER
from portal.messages.firing import Firing
from portal.messages.provider import ProviderCredentials
from portal.templates.content import NumberedText
from portal.templates.provider import NotTaken, Published
from portal.templates.publishing import WITHDRAWN_AFTER
from portal.templates.working import FIRST_PAUSE, LEASE, TemplatePublishing
from portal.tenants.accounts import ProviderAccounts
from tests.messages.traffic import at_the_provider, deaf_dispatcher, delivered_at_the_provider, messages, send
from tests.product import Product, TenantUnderTest
from tests.templates.written import add_contact, change, create, made, read
from tests.twilio_gateway.door import Door
from tests.waiting import until
from twilio_gateway.contents import TwilioContents
from twilio_gateway.http import PortalTwilioHttp

BODY = "{{name}}, your {{bike}} is ready. Ask for {{name}}."
PATH = "/content/v1/Content"
ARCHIVE = "mutation ($id: ID!) { templateArchive(id: $id) { errors { code } } }"


def _publishing(product: Product, contents: TwilioContents | None = None) -> TemplatePublishing:
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    return TemplatePublishing(product.database, contents or product.gateway.contents, accounts, product.clock)


async def _later(product: Product, tenant: TenantUnderTest, by: timedelta) -> None:
    """Let time pass, and get a token that holds then."""
    product.clock.advance(by)
    tenant.machine = await product.machine(tenant.id, machine_permissions())


async def _contents(product: Product, tenant: TenantUnderTest) -> list[Any]:
    """What the provider keeps for the tenant, the oldest first."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        auth = (tenant.account_sid, tenant.auth_token)
        answer = await http.get(f"{product.settings.simulator_url}{PATH}", params={"PageSize": "1000"}, auth=auth)
    found: list[Any] = answer.json()["contents"]
    return found[::-1]


async def _state(tenant: TenantUnderTest, template: str) -> Any:
    return (await read(tenant.machine, template))["current"]["content"]


async def test_a_version_is_published_sent_with_and_withdrawn_once_nothing_waits_with_it(product: Product) -> None:
    tenant = await product.tenant()
    publishing = _publishing(product)
    template = await made(tenant.machine, BODY, kind="CONTENT")
    assert await _state(tenant, template) == {"state": "PUBLISHING", "reason": None}
    vera = await add_contact(tenant.machine, "+12135550001", "Vera", bike="city\n\tbike")
    asked: dict[str, Any] = {"body": None, "templateId": template}
    early = await send(tenant.machine, [vera], key="early", **asked)
    assert early["errors"] == [{"code": "TEMPLATE_NOT_READY", "path": ["input", "templateId"]}]
    assert await messages(product, tenant) == []

    assert await publishing.work_due() == 1
    assert await _state(tenant, template) == {"state": "READY", "reason": None}
    (content,) = await _contents(product, tenant)
    assert content["types"] == {"twilio/text": {"body": "{{1}}, your {{2}} is ready. Ask for {{1}}."}}
    assert content["variables"] == {"1": "name", "2": "bike"}
    assert await publishing.work_due() == 0

    plain = await send(tenant.machine, [vera], key="plain", smartEncoding=True, **asked)
    assert plain["errors"] == [{"code": "INVALID", "path": ["input", "smartEncoding"]}]
    at = product.clock.now() + timedelta(days=2)
    assert (await send(tenant.machine, [vera], key="now", **asked))["errors"] == []
    assert (await send(tenant.machine, [vera], key="later", sendAt=at.isoformat(), **asked))["errors"] == []
    text = "Vera, your city bike is ready. Ask for Vera."
    assert {row["body"] for row in await messages(product, tenant)} == {text}
    assert json.loads((await messages(product, tenant))[0]["content_variables"]) == {"1": "Vera", "2": "city bike"}
    await product.dispatcher.run_once()
    assert [one["body"] for one in await at_the_provider(product, tenant)] == [text]

    second = (await change(tenant.machine, template, body="{{bike}}: ready."))["template"]
    assert [one["content"]["state"] for one in second["versions"]] == ["PUBLISHING", "READY"]
    await publishing.work_due()
    await _later(product, tenant, WITHDRAWN_AFTER)
    await publishing.work_due()
    assert await _states(tenant, template) == ["READY", "READY"]
    assert (await send(tenant.machine, [vera], key="second", **asked))["errors"] == []
    await product.dispatcher.run_once()
    await _later(product, tenant, at - product.clock.now())
    assert await Firing(product.database, product.clock).fire_due() == 1
    await product.dispatcher.run_once()
    assert sorted(one["body"] for one in await at_the_provider(product, tenant)) == [text, text, "city bike: ready."]

    await product.apply_callbacks()
    await publishing.work_due()
    assert await _states(tenant, template) == ["READY", "WITHDRAWN"]
    assert (await tenant.machine.run(ARCHIVE, id=template))["templateArchive"]["errors"] == []
    await _later(product, tenant, WITHDRAWN_AFTER)
    await publishing.work_due()
    assert await _state(tenant, template) == {"state": "WITHDRAWN", "reason": None}
    assert await _contents(product, tenant) == []
    assert await publishing.work_due() == 0


async def _states(tenant: TenantUnderTest, template: str) -> list[str]:
    """Where all versions stand, the newest first."""
    return [one["content"]["state"] for one in (await read(tenant.machine, template))["versions"]]


class _Killed(TwilioContents):
    """Dies when Twilio has taken a content, before anybody can write that down."""

    async def publish(self, credentials: ProviderCredentials, name: str, text: NumberedText) -> Published | NotTaken:
        await super().publish(credentials, name, text)
        raise asyncio.CancelledError


@pytest.mark.parametrize("broken", ["lost", "turned away", "killed"])
async def test_what_breaks_leaves_one_content(broken: str, product: Product, door: Door) -> None:
    tenant = await product.tenant()
    template = await made(tenant.machine, BODY, kind="CONTENT")
    publishing, before = _publishing(product), door.count("POST", PATH)
    if broken == "killed":
        async with PortalTwilioHttp(api_base=product.settings.simulator_url, timeout=timedelta(seconds=60)) as http:
            with pytest.raises(asyncio.CancelledError):
                await _publishing(product, _Killed(http)).work_due()
    else:
        (door.loses if broken == "lost" else door.closed_to).append((PATH, "POST", PATH))
        assert await publishing.work_due() == 1
    assert (await _state(tenant, template))["state"] == "PUBLISHING"
    assert await publishing.work_due() == 0  # its time has not come
    product.clock.advance(LEASE if broken == "killed" else FIRST_PAUSE)
    assert await publishing.work_due() == 1
    assert await _state(tenant, template) == {"state": "READY", "reason": None}
    assert len(await _contents(product, tenant)) == 1
    assert door.count("POST", PATH) - before == 1 + (broken == "turned away")


async def test_a_provider_that_does_not_answer_is_told_of_and_a_refusal_ends_it(product: Product, door: Door) -> None:
    tenant = await product.tenant()
    template = await made(tenant.machine, BODY, kind="CONTENT")
    publishing = _publishing(product)
    door.closed_to += [(PATH, "POST", PATH), (PATH, "GET", PATH)]
    await publishing.work_due()
    product.clock.advance(FIRST_PAUSE)
    await publishing.work_due()
    assert await _state(tenant, template) == {
        "state": "PUBLISHING",
        "reason": "The messaging service did not answer as it should. It is tried again by itself.",
    }
    changed = await change(tenant.machine, template, body="{{name}}: superseded before it was there")
    assert changed["errors"] == []
    door.refuses.append((PATH, "POST", PATH))
    await publishing.work_due()
    failed = await _state(tenant, template)
    assert failed["state"] == "FAILED"
    assert failed["reason"].startswith("The messaging service does not take this text.")
    contact = await add_contact(tenant.machine, "+12135550001", "Vera")
    sent = await send(tenant.machine, [contact], body=None, templateId=template)
    assert sent["errors"] == [{"code": "TEMPLATE_NOT_READY", "path": ["input", "templateId"]}]
    await _later(product, tenant, WITHDRAWN_AFTER)
    await publishing.work_due()
    assert await _states(tenant, template) == ["FAILED", "WITHDRAWN"]
    assert await _contents(product, tenant) == []


async def test_a_hand_over_without_an_answer_is_found_again_however_the_provider_shows_its_text(
    product: Product,
) -> None:
    tenant, dispatcher = await product.tenant(), deaf_dispatcher(product)
    template = await made(tenant.machine, "Ready.", kind="CONTENT")
    await _publishing(product).work_due()
    contact = await add_contact(tenant.machine, "+12025550160")  # accepted, and the connection is cut
    assert (await send(tenant.machine, [contact], body=None, templateId=template))["errors"] == []
    await dispatcher.run_once()
    await delivered_at_the_provider(product, tenant)
    (there,) = await at_the_provider(product, tenant)
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        address = f"{product.settings.simulator_url}/api{there['uri']}"
        emptied = await http.post(address, data={"Body": ""}, auth=(tenant.account_sid, tenant.auth_token))
    assert emptied.json()["body"] == ""
    product.clock.advance(CONFIRM_AFTER)
    await dispatcher.run_once()
    (row,) = await messages(product, tenant)
    assert (row["status"], row["provider_reference"], row["body"]) == ("DELIVERED", there["sid"], "Ready.")
    assert len(await at_the_provider(product, tenant)) == 1


async def test_what_the_provider_could_not_fill_is_refused_where_it_is(product: Product) -> None:
    tenant = await product.tenant()
    variable = {"name": "name", "example": "Alice"}
    wrong: list[tuple[str, Any, list[str]]] = [
        ("Hi {{name}}, {{1}}", None, ["body"]),
        ("Hi {{{name}}}", None, ["body"]),
        ("Hi {{name}}", variable | {"required": False}, ["variables", "0", "default"]),
        ("Hi {{name}}", variable | {"default": " \n"}, ["variables", "0", "default"]),
    ]
    for body, declared, path in wrong:
        more = {} if declared is None else {"variables": [declared]}
        refused = await create(tenant.machine, body, kind="CONTENT", **more)
        assert refused == {"template": None, "errors": [{"code": "INVALID", "path": ["input", *path]}]}
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        assert await tx.value("SELECT count(*) FROM template WHERE tenant_id = $1", tenant.id) == 0
    filled = await made(tenant.machine, "Hi {{name}}", kind="CONTENT", variables=[variable | {"default": "you"}])
    assert (await read(tenant.machine, filled))["kind"] == "CONTENT"

    async def ready() -> bool:
        return bool((await _state(tenant, filled))["state"] == "READY")

    async with product.worker():
        await until(ready)
