"""An API client is made in the page, works with the secret that the page shows once, gets another and is disabled."""

import re

import httpx2
import pytest
from playwright.async_api import Locator, expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_a_client_made_in_the_page_gets_tokens_with_its_secret_until_it_is_disabled(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in("DEVELOPER", path="/api-clients")
    await page.get_by_role("button", name="New API client").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Till")
    await dialog.get_by_label("usage:read").check()
    await expect(dialog.get_by_label("billing:read")).to_have_count(0)  # no developer may, so no machine of theirs
    await dialog.get_by_role("button", name="Create client").click()
    client_id, secret = await _shown(dialog, "Client id"), await _shown(dialog, "Client secret")
    command = await _shown(dialog, "Get a token")
    assert command.split()[1:] == [
        f"{visitor.portal.url}/oauth/token",
        *("-d", "grant_type=client_credentials", "-u", f"{client_id}:{secret}"),
    ]
    await dialog.get_by_role("button", name="I have saved it").click()
    card = page.get_by_role("article", name="Till")
    await expect(card.get_by_role("list", name="Scopes")).to_have_text("usage:read")
    await expect(card).to_contain_text("Not yet")
    assert secret not in await page.content()
    assert await _granted(visitor, client_id, secret) == "usage:read"

    await card.get_by_role("button", name="New secret for Till").click()
    await dialog.get_by_role("button", name="Make a new secret").click()
    newer = await _shown(dialog, "Client secret")
    await expect(dialog).to_contain_text(f"The old secret, …{secret[-4:]}, works until")
    await dialog.get_by_role("button", name="I have saved it").click()
    assert newer != secret
    assert [await _granted(visitor, client_id, each) for each in (secret, newer)] == ["usage:read"] * 2
    await expect(card).to_contain_text(re.compile(f"…{secret[-4:]} until .+; …{newer[-4:]}"))

    await card.get_by_role("button", name="Disable Till").click()
    await dialog.get_by_role("button", name="Disable", exact=True).click()
    await expect(card).to_contain_text("Disabled")
    await expect(card.get_by_role("button")).to_have_count(0)
    assert [await _granted(visitor, client_id, each) for each in (secret, newer)] == [None] * 2


async def test_a_client_with_keys_gets_no_secret_and_a_set_that_is_none_is_refused(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in("DEVELOPER", path="/api-clients")
    await page.get_by_role("button", name="New API client").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Kiosk")
    await dialog.get_by_label("usage:read").check()
    await dialog.get_by_label("Signed with its own key").check()
    keys, create = dialog.get_by_label("Public keys"), dialog.get_by_role("button", name="Create client")
    await keys.fill("not a set")
    await expect(dialog).to_contain_text("This is not JSON")
    await expect(create).to_be_disabled()
    await keys.fill('{"keys": []}')
    await create.click()
    await expect(dialog).to_contain_text("at least one key")
    await keys.fill('{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}')
    await create.click()
    assert re.fullmatch("client_[0-9a-f]+", await _shown(dialog, "Client id"))
    await expect(dialog.get_by_role("group", name="Client secret")).to_have_count(0)
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_role("article", name="Kiosk")).to_contain_text("Working")


async def _shown(dialog: Locator, label: str) -> str:
    return await dialog.get_by_role("group", name=label).locator("pre").inner_text()


async def _granted(visitor: Visitor, client_id: str, secret: str) -> str | None:
    """The scope of a token that the client gets, or None where it gets none."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(
            f"{visitor.portal.url}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client_id, secret),
        )
    assert answer.status_code in {200, 401}
    scope: str | None = answer.json().get("scope")
    return scope
