"""What the page does when the portal does not answer as it should."""

import pytest
from playwright.async_api import Route, expect

from tests.page.visitor import Visitor, operation_of

pytestmark = pytest.mark.slow


async def test_send_pressed_again_after_a_lost_answer_sends_once(visitor: Visitor) -> None:
    page = visitor.page
    keys: list[str] = []

    async def lose_the_first_answer(route: Route) -> None:
        body = operation_of(route)
        if "mutation MessageSend(" not in body["query"]:
            await route.continue_()
            return
        keys.append(body["variables"]["input"]["idempotencyKey"])
        if len(keys) == 1:
            await route.fetch()  # the server has it, the browser never hears
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/graphql", lose_the_first_answer)
    await visitor.sign_in(tenant="Freestyle Falcons")
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Ben Castillo")
    await page.get_by_role("button", name="Send to 1 person").click()
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    await page.get_by_role("button", name="Retry").click()
    await page.wait_for_url("**/batches/*")
    await visitor.becomes("Ben Castillo", "DELIVERED")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    await page.get_by_role("link", name="Messages").click()
    await expect(visitor.row("Ben Castillo")).to_have_count(1)


async def test_send_pressed_again_while_the_first_is_worked_on_sends_once(visitor: Visitor) -> None:
    page = visitor.page
    keys: list[str] = []

    async def tell_of_the_first(route: Route) -> None:
        body = operation_of(route)
        if "mutation MessageSend(" not in body["query"]:
            await route.continue_()
            return
        keys.append(body["variables"]["input"]["idempotencyKey"])
        if len(keys) == 1:
            await route.fetch()  # the answer of its twin, which came while it was worked on
            error = {"code": "IDEMPOTENCY_IN_PROGRESS", "message": "Ask again in a moment.", "path": None}
            refused = {"batch": None, "allowance": None, "idempotentReplay": False, "errors": [error]}
            await route.fulfill(json={"data": {"messageSend": refused}})
        else:
            await route.continue_()

    await page.route("**/graphql", tell_of_the_first)
    await visitor.sign_in(tenant="Freestyle Falcons")
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Ben Castillo")
    button = page.get_by_role("button", name="Send to 1 person")
    await button.click()
    await expect(page.get_by_role("alert")).to_contain_text("Ask again in a moment.")
    await button.click()
    await page.wait_for_url("**/batches/*")
    assert len(keys) == 2
    assert keys[0] == keys[1]


async def test_a_fault_of_the_server_names_the_request_and_retry_mends_it(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in()
    broken = True

    async def fail(route: Route) -> None:
        if broken and "query Contacts(" in operation_of(route)["query"]:
            error = {"message": "Internal error", "extensions": {"code": "INTERNAL", "requestId": "req-of-the-fault"}}
            await route.fulfill(status=500, json={"errors": [error]})
        else:
            await route.continue_()

    await page.route("**/graphql", fail)
    await page.get_by_role("link", name="Contacts").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Something went wrong on our side")
    await expect(alert).to_contain_text("req-of-the-fault")
    broken = False
    await alert.get_by_role("button", name="Retry").click()
    await expect(visitor.row("Alice Adler")).to_be_visible()
    await expect(alert).to_have_count(0)


async def test_a_session_that_ended_leads_to_sign_in_and_back(visitor: Visitor) -> None:
    await visitor.sign_in(path="/contacts")
    await visitor.page.context.clear_cookies()
    await visitor.page.reload()
    await visitor.page.wait_for_url("**/sign-in?return_to=%2Fcontacts")
