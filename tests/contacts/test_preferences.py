"""A consumer's own page: from the link in a text to the next send, which does as they chose."""

import re
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import httpx2
from hypothesis import given
from hypothesis import strategies as st

from auth.permissions import TenantRole
from portal.clock import new_id
from portal.contacts.consumers import Consumer
from portal.contacts.preferences import ContactChannel, LineType
from portal.contacts.suppressions import SuppressionSource
from portal.messages.refusals import RefusalCode
from portal.messages.wanted import refusal_of
from portal.preferences.links import PreferenceLinks
from tests.contacts.test_erasing import EVE
from tests.conversations.inbound import write
from tests.messages.traffic import add_contacts, messages, send
from tests.product import SECRET, Product, TenantUnderTest

LINKS = PreferenceLinks(SECRET, "https://portal.example")
FORM = {"channel": "SMS", "topic Offers": "on", "quiet-from": "", "quiet-until": ""}
READ = "query ($id: ID!) { contact(id: $id) { preferredChannel topics quietHours { from until } consent { status } } }"
SETTINGS = 'mutation { settingsUpdate(input: {topics: ["Offers", "Bookings"]}) { errors { code } } }'


async def open_page(link: str, form: Mapping[str, str] | None = None) -> httpx2.Response:
    """What the page answers, or what it answers to a form."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60, follow_redirects=True) as http:
        return await http.get(link) if form is None else await http.post(link, data=dict(form))


async def _link(product: Product, tenant: TenantUnderTest, contact: str) -> str:
    """The link in a text to a contact, as they get it."""
    sent = await send(tenant.machine, [contact], key="with a link", body="Hello. Choose: {{preferences}}")
    assert sent["errors"] == []
    bodies = [row["body"] for row in await messages(product, tenant)]
    (link,) = [found[0] for body in bodies if (found := re.search(rf"{product.url}/p/\S+", body))]
    return link


async def _refused(tenant: TenantUnderTest, contact: str, key: str, **more: str) -> list[str]:
    sent = await send(tenant.machine, [contact], key=key, **more)
    assert sent["errors"] == []
    return [refusal["code"] for refusal in sent["batch"]["refusals"]["nodes"]]


async def test_a_consumer_chooses_by_the_link_in_a_text_and_the_next_send_does_as_they_chose(product: Product) -> None:
    tenant = await product.tenant("Falcon Flights & Co.")
    owner = await product.member(tenant.id, TenantRole.OWNER)
    assert (await owner.run(SETTINGS))["settingsUpdate"]["errors"] == []
    (contact,) = await add_contacts(product, tenant, [EVE])
    link = await _link(product, tenant, contact)

    page = await open_page(link)
    assert page.status_code == 200
    assert "Messages from Falcon Flights &amp; Co." in page.text
    assert EVE not in page.text + link
    assert "script" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    untouched = (await tenant.machine.run(READ, id=contact))["contact"]
    assert untouched == {
        "preferredChannel": "SMS",
        "topics": ["Offers", "Bookings"],
        "quietHours": None,
        "consent": {"status": "UNKNOWN"},
    }

    saved = await open_page(link, FORM | {"quiet-from": "21:00", "quiet-until": "08:00"})
    assert (saved.status_code, "Saved." in saved.text) == (200, True)
    assert (await tenant.machine.run(READ, id=contact))["contact"] == {
        "preferredChannel": "SMS",
        "topics": ["Offers"],
        "quietHours": {"from": "21:00", "until": "08:00"},
        "consent": {"status": "GIVEN"},
    }
    assert await _refused(tenant, contact, "bookings", topic="Bookings") == ["PREFERENCE"]
    assert await _refused(tenant, contact, "offers", topic="Offers") == []
    none = await send(tenant.machine, [contact], key="unknown topic", topic="Other")
    assert none["errors"] == [{"code": "INVALID", "path": ["input", "topic"]}]

    product.clock.advance(timedelta(seconds=1))
    await open_page(link, FORM | {"channel": "NONE"})
    assert {row["status"] for row in await messages(product, tenant)} == {"CANCELED"}  # none had left
    assert await _refused(tenant, contact, "to nobody") == ["PREFERENCE"]
    product.clock.advance(timedelta(seconds=1))
    await open_page(link, FORM | {"channel": "VOICE"})
    assert await _refused(tenant, contact, "to a caller") == ["PREFERENCE"]
    product.clock.advance(timedelta(seconds=1))
    await open_page(link, FORM)
    assert await _refused(tenant, contact, "again") == []
    await write(product, tenant, "STOP", sender=EVE)
    assert "Answer START" in (await open_page(link, FORM)).text
    assert await _refused(tenant, contact, "stopped") == ["OPTED_OUT"]
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        sql = "SELECT status, source, actor_kind, address_masked FROM contact_consent WHERE number = $1 ORDER BY at"
        evidence = [tuple(row) for row in await tx.rows(sql, EVE)]
    chosen = ("preference page", "CONSUMER", "127.0.0.0/24")
    statuses = ["GIVEN", "WITHDRAWN", "GIVEN", "GIVEN"]
    assert evidence[:4] == [(status, *chosen) for status in statuses]
    assert sorted(evidence[4:]) == [("GIVEN", *chosen), ("WITHDRAWN", "STOP", "CONSUMER", None)]


async def test_what_is_no_choice_is_said_and_a_link_that_is_none_leads_nowhere_until_too_many_were_tried(
    product: Product,
) -> None:
    tenant = await product.tenant()
    mine = f"{product.url}/p/{LINKS.token(tenant.id, EVE)}"
    for form in ({}, FORM | {"channel": "FAX"}, FORM | {"quiet-from": "21:00"}, FORM | {"quiet-until": "8 pm"}):
        answer = await open_page(mine, form)
        assert answer.status_code in {400, 415}
        assert "Saved." not in answer.text
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        assert await tx.value("SELECT count(*) FROM consumer") == 0
    strange = PreferenceLinks("another secret of enough characters", product.url).token(tenant.id, EVE)
    nobody = LINKS.token(new_id(product.clock.now()), EVE)
    token = LINKS.token(tenant.id, EVE)
    changed = f"{'A' if token[0] != 'A' else 'B'}{token[1:]}"
    answers = [await open_page(f"{product.url}/p/{one}") for one in (strange, nobody, changed, "x", "é", "A" * 500)]
    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
    later = [await open_page(f"{product.url}/p/x", form) for form in (None, FORM, None, FORM, None)]
    assert [one.status_code for one in later] == [404, 404, 404, 404, 429]


@given(st.uuids(), st.integers(1_000_000, 999_999_999_999_999))
def test_a_link_is_one_s_own_and_no_other_secret_s(tenant_id: UUID, digits: int) -> None:
    number = f"+{digits}"
    token = LINKS.token(tenant_id, number)
    assert LINKS.opened(token) == (tenant_id, number)
    assert len(token) == 52
    assert PreferenceLinks("another secret of enough characters", "").opened(token) is None
    assert str(digits) not in token


def test_what_was_said_decides_in_order_who_gets_what() -> None:
    cases = [
        (Consumer(), None, ContactChannel.SMS, None),
        (Consumer(SuppressionSource.STOP), None, ContactChannel.VOICE, RefusalCode.OPTED_OUT),
        (Consumer(SuppressionSource.PREFERENCE), None, ContactChannel.SMS, RefusalCode.PREFERENCE),
        (Consumer(channel=ContactChannel.SMS), None, ContactChannel.VOICE, RefusalCode.PREFERENCE),
        (Consumer(channel=ContactChannel.VOICE), None, ContactChannel.VOICE, None),
        (Consumer(declined_topics=frozenset({"Offers"})), "Offers", ContactChannel.SMS, RefusalCode.PREFERENCE),
        (Consumer(declined_topics=frozenset({"Offers"})), None, ContactChannel.SMS, None),
        (Consumer(line=LineType.LANDLINE), None, ContactChannel.SMS, RefusalCode.LANDLINE),
        (Consumer(line=LineType.LANDLINE), None, ContactChannel.VOICE, None),
        (Consumer(line=LineType.VOIP), None, ContactChannel.SMS, None),
    ]
    for consumer, topic, channel, code in cases:
        refusal = refusal_of(consumer, topic, channel)
        assert (refusal and refusal[0]) == code, (consumer, topic, channel)
