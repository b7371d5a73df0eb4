"""A person at the browser: signs in, sends, and looks."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, Route, expect

SETTLED = 60_000  # milliseconds: the longest that a message may take to its last status


def operation_of(route: Route) -> dict[str, Any]:
    """What the page asks the API, in a request on its way there."""
    posted: dict[str, Any] = route.request.post_data_json or {}
    return posted


@dataclass(frozen=True)
class DemoPortal:
    """The running product that the tests visit: its address, and what it wrote into demo.json."""

    url: str
    demo: dict[str, Any]

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
