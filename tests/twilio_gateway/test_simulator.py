"""The simulator's own rules: who reaches what, and what may be done to a message when."""

import asyncio
from typing import Any

import pytest

from tests.twilio_gateway.conftest import SETTINGS, Simulated
from tests.twilio_gateway.receiver import Receiver
from twilio_gateway.accounts import ProvisionedAccount

PARENT = (SETTINGS.parent_sid, SETTINGS.parent_token)
ROOT = "/api/2010-04-01/Accounts"
QUEUED = "+12025550180"


class Account:
    """One subaccount, spoken to in Twilio's own words."""

    def __init__(self, simulator: Simulated, tenant: ProvisionedAccount) -> None:
        self.tenant = tenant
        self.simulator = simulator
        self.root = f"{ROOT}/{tenant.account_sid}"
        self.token = (tenant.account_sid, tenant.auth_token)
        self.key = (tenant.key_sid, tenant.key_secret)

    async def call(self, method: str, path: str, **fields: str) -> tuple[int, Any]:
        status, body, _ = await self.simulator.call(self.token, method, self.root + path, **fields)
        return status, body

    async def send(self, **fields: str) -> dict[str, Any]:
        wanted = {"To": "+12025550100", "From": self.tenant.number, "Body": "Hello", **fields}
        status, body = await self.call("POST", "/Messages.json", **wanted)
        assert status == 201
        assert isinstance(body, dict)
        return body

    async def until(self, sid: str, *statuses: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                _, body = await self.call("GET", f"/Messages/{sid}.json")
                if body["status"] in statuses:
                    return dict(body)
                await asyncio.sleep(0.005)


@pytest.fixture
def account(simulator: Simulated, tenant: ProvisionedAccount) -> Account:
    return Account(simulator, tenant)


async def refused(answer: Any) -> tuple[int, int]:
    status, body, *_ = await answer
    assert set(body) == {"code", "message", "more_info", "status"}
    assert body["status"] == status
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{body['code']}"
    return status, body["code"]


@pytest.mark.parametrize(
    "credentials",
    [None, ("AC" + "9" * 32, "x"), (SETTINGS.parent_sid, "wrong"), ("SK" + "9" * 32, "x"), ("", ""), ("ü", "ü")],
)
async def test_bad_credentials_are_401(simulator: Simulated, credentials: tuple[str, str] | None) -> None:
    assert await refused(simulator.call(credentials, "GET", f"{ROOT}.json")) == (401, 20003)


async def test_each_credential_reaches_what_twilio_says(account: Account, simulator: Simulated) -> None:
    paths = (
        f"{ROOT}/{SETTINGS.parent_sid}/Messages.json",
        f"{account.root}/Messages.json",
        f"{account.root}/Keys.json",
        f"{ROOT}.json",
        f"/messaging/v1/Services/{account.tenant.messaging_service_sid}",
    )
    reached = [
        [(await simulator.call(credentials, "GET", path))[0] for path in paths]
        for credentials in (PARENT, account.token, account.key)
    ]
    assert reached == [
        [200, 200, 200, 200, 404],  # the parent: every account, but no subaccount's services
        [401, 200, 200, 200, 200],  # the subaccount's token: its own
        [401, 200, 401, 401, 200],  # its API key: neither accounts nor keys
    ]


async def test_a_parents_call_to_another_host_acts_on_the_parent(account: Account, simulator: Simulated) -> None:
    _, service, _ = await simulator.call(PARENT, "POST", "/messaging/v1/Services", FriendlyName="stray")
    assert service["account_sid"] == SETTINGS.parent_sid


async def test_unknown_paths_and_methods_get_twilios_errors(account: Account, simulator: Simulated) -> None:
    assert await refused(simulator.call(PARENT, "GET", "/api/2010-04-01/Nothing.json")) == (404, 20404)
    assert await refused(simulator.call(PARENT, "GET", "/")) == (404, 20404)
    assert await refused(account.call("DELETE", "/Messages.json")) == (405, 20004)
    assert await refused(account.call("GET", "/Messages/SM1.json")) == (404, 20404)


async def test_a_misspelt_parameter_is_refused_and_nothing_is_made(account: Account) -> None:
    fields = {"To": "+12025550100", "From": account.tenant.number, "Body": "x", "StatusCallBack": "http://127.0.0.1"}
    assert await refused(account.call("POST", "/Messages.json", **fields)) == (400, 20001)
    assert (await account.call("GET", "/Messages.json"))[1]["messages"] == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "12025550100"}, 21211),
        ({"To": "+1"}, 21211),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"From": ""}, 21603),
        ({"From": "+13105550123"}, 21606),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 21701),
    ],
)
async def test_a_message_that_lacks_something_is_refused(account: Account, fields: dict[str, str], code: int) -> None:
    wanted = {"To": "+12025550100", "From": account.tenant.number, "Body": "Hello", **fields}
    assert await refused(account.call("POST", "/Messages.json", **wanted)) == (400, code)
    assert (await account.call("GET", "/Messages.json"))[1]["messages"] == []


async def test_a_service_without_numbers_cannot_send(account: Account, simulator: Simulated) -> None:
    _, service, _ = await simulator.call(account.token, "POST", "/messaging/v1/Services", FriendlyName="empty")
    fields = {"To": "+12025550100", "MessagingServiceSid": service["sid"], "Body": "x"}
    assert await refused(account.call("POST", "/Messages.json", **fields)) == (400, 21704)


async def test_a_service_counts_segments_only_when_it_has_chosen_a_sender(account: Account) -> None:
    first = await account.send(From="", MessagingServiceSid=account.tenant.messaging_service_sid, Body="x" * 161)
    assert (first["status"], first["num_segments"], first["from"]) == ("accepted", "0", None)
    assert (first["price"], first["date_sent"]) == (None, None)
    last = await account.until(first["sid"], "delivered")
    assert (last["num_segments"], last["from"], last["price"]) == ("2", account.tenant.number, "-0.01660")
    assert last["date_sent"].endswith("+0000")


async def test_a_failed_message_costs_nothing(account: Account) -> None:
    sent = await account.send(To="+12025550108")
    last = await account.until(sent["sid"], "failed")
    assert (last["price"], last["error_code"], last["error_message"]) == (None, 30008, "Unknown error")


async def test_a_message_is_canceled_before_it_is_sent_and_not_after(account: Account, receiver: Receiver) -> None:
    sent = await account.send(To=QUEUED, StatusCallback=receiver.address)
    status, body = await account.call("POST", f"/Messages/{sent['sid']}.json", Status="canceled")
    assert (status, body["status"]) == (200, "canceled")
    [told] = await receiver.until(bool)
    assert told.fields["MessageStatus"] == "canceled"
    other = await account.send()
    await account.until(other["sid"], "delivered")
    path = f"/Messages/{other['sid']}.json"
    assert await refused(account.call("POST", path, Status="canceled")) == (409, 30409)
    assert (await account.call("GET", f"/Messages/{sent['sid']}.json"))[1]["status"] == "canceled"


async def test_a_final_message_is_redacted_and_deleted(account: Account) -> None:
    sent = await account.send()
    path = f"/Messages/{sent['sid']}.json"
    await account.until(sent["sid"], "delivered")
    assert await refused(account.call("POST", path, Body="other")) == (400, 20001)
    assert await refused(account.call("POST", path, Body="", Status="canceled")) == (400, 30400)
    assert (await account.call("GET", path))[1]["body"] == "Hello"
    assert (await account.call("POST", path, Body=""))[1]["body"] == ""
    assert await account.call("DELETE", path) == (204, "")
    assert await refused(account.call("GET", path)) == (404, 20404)


async def test_a_message_under_way_is_neither_redacted_nor_deleted(account: Account) -> None:
    sent = await account.send(To=QUEUED)
    path = f"/Messages/{sent['sid']}.json"
    assert await refused(account.call("DELETE", path)) == (409, 20009)
    assert await refused(account.call("POST", path, Body="")) == (409, 20009)
    _, body = await account.call("GET", path)
    assert (body["status"], body["body"]) == ("queued", "Hello")


async def test_lists_filter_by_recipient_sender_and_date(account: Account) -> None:
    first = await account.send(To="+12025550100")
    second = await account.send(To="+13105550101")
    await account.until(first["sid"], "delivered")
    day = (await account.until(second["sid"], "delivered"))["date_sent"]

    async def found(**fields: str) -> list[str]:
        _, body = await account.call("GET", "/Messages.json", **fields)
        return [message["sid"] for message in body["messages"]]

    both = [second["sid"], first["sid"]]
    assert await found() == both
    assert await found(To="+12025550100") == [first["sid"]]
    assert await found(From=account.tenant.number) == both
    assert await found(From="+13105550199") == []
    assert await found(**{"DateSent>": "2026-01-01"}) == both
    assert await found(**{"DateSent<": "2026-01-01"}) == []
    assert await found(DateSent="2026-01-01") == []
    assert day is not None
    assert await refused(account.call("GET", "/Messages.json", DateSent="yesterday")) == (400, 20001)


async def test_a_date_filter_leaves_out_what_is_not_sent_yet(account: Account) -> None:
    await account.send(To=QUEUED)
    assert len((await account.call("GET", "/Messages.json"))[1]["messages"]) == 1
    for name in ("DateSent>", "DateSent<"):
        assert (await account.call("GET", "/Messages.json", **{name: "2026-01-01"}))[1]["messages"] == []


async def test_a_suspended_account_sends_nothing_until_it_is_active_again(
    account: Account, simulator: Simulated
) -> None:
    path = f"{account.root}.json"
    assert await refused(simulator.call(account.token, "POST", path, Status="suspended")) == (401, 20003)
    assert (await simulator.call(PARENT, "POST", path, Status="suspended"))[1]["status"] == "suspended"
    fields = {"To": "+12025550100", "From": account.tenant.number, "Body": "x"}
    assert await refused(account.call("POST", "/Messages.json", **fields)) == (403, 20005)
    assert (await account.call("GET", "/Messages.json"))[1]["messages"] == []
    await simulator.call(PARENT, "POST", path, Status="active")
    await account.send()


async def test_a_closed_account_is_closed_for_good(account: Account, simulator: Simulated) -> None:
    path = f"{account.root}.json"
    await simulator.call(PARENT, "POST", path, Status="closed")
    assert await refused(account.call("GET", "/Messages.json")) == (401, 20003)
    assert await refused(simulator.call(account.key, "GET", f"{account.root}/Messages.json")) == (401, 20003)
    assert await refused(simulator.call(PARENT, "POST", path, Status="active")) == (400, 20001)
    _, numbers, _ = await simulator.call(PARENT, "GET", f"{account.root}/IncomingPhoneNumbers.json")
    assert numbers["incoming_phone_numbers"] == []


async def test_a_number_is_sold_once(account: Account) -> None:
    path = "/IncomingPhoneNumbers.json"
    assert await refused(account.call("POST", path, PhoneNumber=account.tenant.number)) == (400, 21422)
    assert await refused(account.call("POST", path, PhoneNumber="+12025550100")) == (400, 21422)
    assert await refused(account.call("POST", path, PhoneNumber="+14155551234")) == (400, 21422)
    _, offered = await account.call("GET", "/AvailablePhoneNumbers/US/Local.json", AreaCode="202", PageSize="1000")
    numbers = {number["phone_number"] for number in offered["available_phone_numbers"]}
    assert account.tenant.number not in numbers
    assert not {"+12025550100", "+12025550129"} & numbers
    assert await refused(account.call("GET", "/AvailablePhoneNumbers/DE/Local.json")) == (404, 20404)
    assert await refused(account.call("GET", "/AvailablePhoneNumbers/US/Local.json", AreaCode="1")) == (400, 20001)


async def test_a_number_is_in_one_service_at_most(account: Account, simulator: Simulated) -> None:
    path = f"/messaging/v1/Services/{account.tenant.messaging_service_sid}/PhoneNumbers"
    fields = {"PhoneNumberSid": account.tenant.number_reference}
    assert await refused(simulator.call(account.token, "POST", path, **fields)) == (409, 21710)
    assert await refused(simulator.call(account.token, "POST", path, PhoneNumberSid="PN1")) == (404, 20404)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
async def test_pages_of_any_size_hold_every_record_once(account: Account, simulator: Simulated, size: int) -> None:
    for index in range(6):
        await simulator.call(account.token, "POST", "/messaging/v1/Services", FriendlyName=f"{index} & more")
    address, names = f"/messaging/v1/Services?PageSize={size}", []
    while address:
        _, body, _ = await simulator.call(account.token, "GET", address)
        names += [service["friendly_name"] for service in body["services"]]
        assert len(body["services"]) <= size
        following = body["meta"]["next_page_url"]
        address = following and following.replace("https://messaging.twilio.com", "/messaging")
    assert names[:6] == [f"{index} & more" for index in reversed(range(6))]
    assert len(names) == 7


@pytest.mark.parametrize("fields", [{"PageSize": "x"}, {"Page": "x"}, {"PageToken": "x"}])
async def test_a_page_that_makes_no_sense_is_refused(account: Account, fields: dict[str, str]) -> None:
    assert await refused(account.call("GET", "/Messages.json", **fields)) == (400, 20001)
