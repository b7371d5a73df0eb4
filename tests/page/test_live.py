"""What changes is told over one socket: nobody reloads, and nothing is asked again and again."""

from collections import Counter

import pytest
from playwright.async_api import Page, Request, WebSocketRoute, expect

from tests.page.carrier import Carrier
from tests.page.conftest import NewVisitor
from tests.page.visitor import SETTLED, Visitor
from tests.waiting import until

pytestmark = pytest.mark.slow


async def test_a_status_changes_in_the_drawer_without_a_reload_and_without_polling(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons")
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Sami Slow")
    await visitor.send("Send to 1 person")
    await page.get_by_role("link", name="Sami Slow").click()
    drawer = page.get_by_role("dialog", name="Message")
    asked = _count(page)
    await expect(drawer.locator('[data-status="DELIVERED"]')).to_be_visible(timeout=SETTLED)
    await expect(drawer.get_by_text("Happened").last).to_be_visible()
    before = Counter(asked)
    await page.wait_for_timeout(4_000)  # polling would show in this time
    assert asked == before


async def test_a_cut_socket_comes_back_and_what_was_missed_is_read(visitor: Visitor) -> None:
    page = visitor.page
    sockets: list[WebSocketRoute] = []
    reachable = True

    async def carry(socket: WebSocketRoute) -> None:
        if not reachable:
            await socket.close(code=1011)
            return
        socket.connect_to_server()
        sockets.append(socket)

    await page.route_web_socket("**/graphql", carry)
    await visitor.sign_in(path="/inbox")
    carrier = await Carrier.of(visitor.portal, "falcon-flights")
    await until(lambda: len(sockets) == 1, seconds=15)
    reachable = False
    await sockets[0].close(code=1011)
    await expect(page.get_by_text("Updates paused")).to_be_visible()
    await carrier.write("+12025550161", "Said while nobody listened")
    reachable = True
    conversation = page.get_by_role("link").filter(has_text="Said while nobody listened")
    await expect(conversation).to_be_visible(timeout=SETTLED)
    await expect(page.get_by_text("Updates paused")).to_have_count(0, timeout=SETTLED)


async def test_a_socket_of_a_session_that_ended_leads_to_sign_in(new_visitor: NewVisitor, visitor: Visitor) -> None:
    await visitor.sign_in("DEVELOPER", path="/usage")
    other = await new_visitor()
    await other.page.context.add_cookies(await visitor.page.context.cookies())  # type: ignore[arg-type]  # what it gave
    await other.open("/usage")
    await other.page.get_by_role("button", name="Account of").click()
    await other.page.get_by_role("menuitem", name="Sign out").click()
    await visitor.page.wait_for_url("**/sign-in?return_to=%2Fusage", timeout=SETTLED)


async def test_the_allowance_follows_what_somebody_else_sends(new_visitor: NewVisitor, visitor: Visitor) -> None:
    await visitor.sign_in("BILLING_MANAGER", "Freestyle Falcons", path="/usage")
    meter = visitor.page.get_by_role("banner").get_by_role("group", name="Allowance")
    before = await meter.inner_text()
    colleague = await new_visitor()
    await colleague.sign_in(tenant="Freestyle Falcons")
    await colleague.choose_template("Service reminder")
    await colleague.choose_contacts("Ben Castillo")
    await colleague.send("Send to 1 person")
    await expect(meter).not_to_have_text(before)


def _count(page: Page) -> Counter[str]:
    """How often what is asked by HTTP from now on."""
    asked: Counter[str] = Counter()

    def note(request: Request) -> None:
        if request.url.endswith("/graphql"):
            asked[(request.post_data_json or {}).get("query", "")[:40]] += 1

    page.on("request", note)
    return asked
