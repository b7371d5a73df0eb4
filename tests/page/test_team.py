"""A colleague is invited, joins in a browser of their own, and finds less there once the role is a smaller one."""

import pytest
from playwright.async_api import Locator, expect

from tests.page.conftest import NewVisitor
from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow

PASSWORD = "seven quiet herons wade"
TENANT = "Freestyle Falcons"


async def test_a_colleague_invited_with_the_keyboard_alone_joins_and_loses_views_with_the_role(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    email = "nora.nilsen@example.com"
    page = visitor.page
    await visitor.sign_in(tenant=TENANT, path="/team")
    await _invite_by_keyboard(visitor, email)
    invitation = page.get_by_role("table", name="Open invitations").get_by_role("row").filter(has_text=email)
    await expect(invitation).to_contain_text("Developer")
    await expect(invitation).to_contain_text("Finn Frey")

    guest = await new_visitor()
    await guest.page.goto(await visitor.portal.link_mailed_to(email))
    await guest.page.get_by_label("Your name").fill("Nora Nilsen")
    await guest.page.get_by_label("A new password").fill(PASSWORD)
    await guest.page.get_by_role("button", name=f"Create the account and join {TENANT}").click()
    await expect(guest.page.get_by_role("button", name="Account of")).to_contain_text("Developer")
    daily = ["Send", "Inbox", "Messages", "Contacts", "Templates", "Usage", "Alerts"]
    assert await _rooms(guest) == [*daily, "Plan", "Numbers", "API clients", "Webhooks", "Settings"]

    await page.reload()
    await expect(invitation).to_have_count(0)
    member = visitor.row("Nora Nilsen")
    await member.get_by_role("button", name="Change the role of Nora Nilsen").click()
    await page.get_by_role("dialog").get_by_role("radio", name="Support").check()
    await page.get_by_role("dialog").get_by_role("button", name="Change role").click()
    await expect(member).to_contain_text("Support")
    await guest.page.reload()
    await expect(guest.page.get_by_role("button", name="Account of")).to_contain_text("Support")
    assert await _rooms(guest) == ["Messages", "Usage", "Alerts", "Settings"]

    await member.get_by_role("button", name="Remove Nora Nilsen").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(member).to_have_count(0)
    await page.get_by_role("link", name="Security").click()
    for done, details in {
        "Removed a member": "",
        "Changed a member's role": "role: Support",
        "Accepted an invitation": "role: Developer",
        "Invited a colleague": "email: n•••@example.com",
    }.items():
        await expect(visitor.row(done).first).to_contain_text(details)
    await expect(visitor.row("Accepted an invitation").first).to_contain_text("Nora Nilsen")


async def test_an_invitation_is_refused_twice_sent_again_and_withdrawn(visitor: Visitor) -> None:
    page, email = visitor.page, "otto.olsen@example.com"
    await visitor.sign_in("ADMINISTRATOR", TENANT, "/team")
    row = visitor.row(email)
    dialog = page.get_by_role("dialog")
    for _ in range(2):
        await page.get_by_role("button", name="Invite a colleague").click()
        await expect(dialog.get_by_role("radio", name="Administrator")).to_have_count(0)  # the Owner's to give
        await dialog.get_by_label("E-mail address").fill(email)
        await dialog.get_by_role("radio", name="Billing manager").check()
        await dialog.get_by_role("button", name="Send invitation").click()
        await expect(row).to_have_count(1)
    await expect(dialog).to_contain_text("This address is invited already")
    await dialog.get_by_role("button", name="Cancel").click()
    first = await visitor.portal.link_mailed_to(email)
    await row.get_by_role("button", name=f"Send the invitation to {email} again").click()
    await expect(page.get_by_text("Sent again")).to_be_visible()
    await page.goto(first)
    await expect(page.get_by_text("This invitation is not valid")).to_be_visible()
    await visitor.open("/team")
    await row.get_by_role("button", name=f"Withdraw the invitation to {email}").click()
    await dialog.get_by_role("button", name="Withdraw").click()
    await expect(row).to_have_count(0)


async def test_the_ownership_is_offered_accepted_and_given_back(visitor: Visitor, new_visitor: NewVisitor) -> None:
    heir = await new_visitor()
    await visitor.sign_in(tenant=TENANT, path="/team")
    await heir.sign_in("ADMINISTRATOR", TENANT, "/usage")
    for owner, other, name in ((visitor, heir, "Ada Abel, Administrator"), (heir, visitor, "Finn Frey, Administrator")):
        await owner.open("/team")
        await owner.page.get_by_role("button", name="Hand over ownership").click()
        dialog = owner.page.get_by_role("dialog")
        await expect(dialog).to_contain_text("you become an administrator")
        await dialog.get_by_role("combobox", name="New Owner").click()
        await owner.page.get_by_role("option", name=name).click()
        await dialog.get_by_role("button", name="Offer ownership").click()
        await expect(dialog).to_be_hidden()
        await expect(_role(owner)).to_contain_text("Owner")
        await other.page.reload()
        await other.page.get_by_role("button", name="Become the Owner").click()
        await other.page.get_by_role("dialog").get_by_role("button", name="Become the Owner").click()
        await expect(_role(other)).to_contain_text("Owner")
        await owner.page.reload()
        await expect(_role(owner)).to_contain_text("Administrator")
        await expect(owner.page.get_by_role("button", name="Hand over ownership")).to_have_count(0)


async def _invite_by_keyboard(visitor: Visitor, email: str) -> None:
    keyboard = visitor.page.keyboard
    await visitor.page.get_by_role("button", name="Invite a colleague").focus()
    await keyboard.press("Enter")
    dialog = visitor.page.get_by_role("dialog")
    await expect(dialog.get_by_label("E-mail address")).to_be_focused()
    await keyboard.type(email)
    await keyboard.press("Tab")
    await keyboard.press("Space")
    await expect(dialog.get_by_role("radio", name="Administrator")).to_be_checked()
    await keyboard.press("ArrowDown")
    await expect(dialog.get_by_role("radio", name="Developer")).to_be_checked()
    await keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(visitor.page.get_by_role("button", name="Invite a colleague")).to_be_focused()


def _role(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("button", name="Account of")


async def _rooms(visitor: Visitor) -> list[str]:
    return await visitor.page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()
