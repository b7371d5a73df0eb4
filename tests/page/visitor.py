"""A person at the browser: signs in, sends, and looks."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
from playwright.async_api import Locator, Page, Route, expect

from tests.waiting import until

SETTLED = 60_000  # milliseconds: the longest that a message may take to its last status

_ASK = """async (operation) => {
  const headers = { 'Content-Type': 'application/json', 'X-Portal-Request': '1' };
  return (await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(operation) })).json();
}"""


def operation_of(route: Route) -> dict[str, Any]:
    """What the page asks the API, in a request on its way there."""
    posted: dict[str, Any] = route.request.post_data_json or {}
    return posted


@dataclass(frozen=True)
class DemoPortal:
    """The running product that the tests visit: its address, and what it wrote into demo.json."""

    url: str
    demo: dict[str, Any]
    mails: Path
    staff_cookies: dict[str, Any] = field(default_factory=dict)
    """Those of the staff's sessions, by role: a code is good once, so the staff signs in once."""

    async def link_mailed_to(self, email: str) -> str:
        """The address in the mail to somebody, once it is there."""
        link = re.compile(rf"^To: {re.escape(email)}$.*?^({re.escape(self.url)}/\S+)$", re.MULTILINE | re.DOTALL)
        await until(lambda: self.mails.exists() and link.search(self.mails.read_text()) is not None, seconds=30)
        found = link.search(self.mails.read_text())
        assert found is not None
        return found[1]

    def account(self, role: str, tenant: str | None) -> dict[str, str]:
        """The demo account of a role."""
        return next(one for one in self.demo["accounts"] if (one["role"], one["tenant"]) == (role, tenant))


@dataclass(frozen=True)
class Visitor:
    """One person with a browser of their own, signed out at first."""

    page: Page
    portal: DemoPortal

    async def open(self, path: str) -> None:
        """Go to an address of the portal."""
        await self.page.goto(self.portal.url + path)

    async def sign_in(self, role: str = "OWNER", tenant: str = "Falcon Flights", path: str = "/") -> None:
        """Open an address and sign in on the way."""
        await self.open(path)
        await self.type_password(role, tenant)
        await expect(self.page.get_by_role("button", name="Account of")).to_be_visible()

    async def type_password(self, role: str, tenant: str | None) -> None:
        """Fill the sign-in page in, and send it."""
        account = self.portal.account(role, tenant)
        await self.page.get_by_label("E-mail address").fill(account["email"])
        await self.page.get_by_label("Password").fill(account["password"])
        await self.page.get_by_role("button", name="Sign in").click()

    async def sign_in_as_staff(self, role: str, path: str = "/") -> None:
        """The same as one of the portal's own staff, with the second factor."""
        context, cookies = self.page.context, self.portal.staff_cookies
        if role in cookies:
            await context.add_cookies(cookies[role])
        await self.open(path)
        if role not in cookies:
            await self.type_password(role, None)
            code = pyotp.TOTP(self.portal.account(role, None)["totp_secret"]).now()
            await self.page.get_by_label("Code of your authenticator app").fill(code)
            await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(self.page.get_by_role("button", name="Account of")).to_be_visible()
        cookies[role] = await context.cookies()

    async def run(self, text: str, **variables: Any) -> Any:
        """The data of an operation, asked for as the page asks."""
        answer = await self.page.evaluate(_ASK, {"query": text, "variables": variables})
        assert "errors" not in answer, answer
        return answer["data"]

    async def choose_template(self, name: str) -> None:
        """Choose what to say."""
        await self.page.get_by_role("radio", name=name).click()

    async def choose_contacts(self, *names: str) -> None:
        """Find contacts on the server and choose them."""
        box = self.page.get_by_role("combobox", name="Contacts")
        for name in names:
            await box.fill(name)
            await self.page.get_by_role("option", name=name).click()
        await self.page.keyboard.press("Escape")

    async def send(self, button: str) -> None:
        """Press Send; the page goes on to what becomes of it."""
        await self.page.get_by_role("button", name=button).click()
        await self.page.wait_for_url("**/batches/*")

    def row(self, name: str) -> Locator:
        """A table's row about somebody."""
        return self.page.get_by_role("row").filter(has_text=name)

    async def becomes(self, name: str, status: str) -> None:
        """Wait, without touching the page, until somebody's message has a status."""
        badge = self.row(name).locator(f'[data-status="{status}"]')
        await expect(badge).to_be_visible(timeout=SETTLED)
