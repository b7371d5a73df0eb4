"""Credentials that would act on another account cannot be put to use."""

from uuid import uuid4

import pytest

from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import OutgoingMessage, ProviderCredentials, Refused
from tests.twilio_gateway.conftest import SETTINGS, Simulated
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.client import ForeignCredentialsError, ParentAccount, TenantAccount, TenantRoot
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.http import ErrorAnswerError

PARENT = (SETTINGS.parent_sid, SETTINGS.parent_token)


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


async def test_a_client_of_the_parents_that_acts_for_a_tenant_cannot_be_built(
    gateway: TwilioGateway, tenant: ProvisionedAccount, message: OutgoingMessage, simulator: Simulated
) -> None:
    credentials = ProviderCredentials(tenant.account_sid, *PARENT)
    with pytest.raises(ForeignCredentialsError):
        TenantAccount(gateway.messages._http, credentials)  # noqa: SLF001  the pool, to build one beside the gateway
    before = len(simulator.door.seen)
    assert await gateway.messages.send(credentials, message) == Refused(DeliveryIssueCode.ACCOUNT_REFUSED)
    assert len(simulator.door.seen) == before


def test_each_kind_of_account_offers_only_what_it_reaches() -> None:
    assert public(ParentAccount) == {"find_subaccount", "open_subaccount", "pricing"}
    assert public(TenantAccount) == {"messages", "calls", "contents", "lookups", "daily_usage", "usage_triggers"}
    assert public(TenantRoot) == {"numbers", "local_numbers", "services", "new_keys"}


async def test_a_key_of_the_parents_reaches_no_tenant(
    gateway: TwilioGateway, tenant: ProvisionedAccount, message: OutgoingMessage, simulator: Simulated
) -> None:
    path = f"/api/2010-04-01/Accounts/{SETTINGS.parent_sid}/Keys.json"
    _, key, _ = await simulator.call(PARENT, "POST", path, FriendlyName="parent's")
    credentials = ProviderCredentials(tenant.account_sid, key["sid"], key["secret"])
    assert await gateway.messages.send(credentials, message) == Refused(DeliveryIssueCode.ACCOUNT_REFUSED, "20003")
    own = (tenant.account_sid, tenant.auth_token)
    _, listed, _ = await simulator.call(own, "GET", f"/api/2010-04-01/Accounts/{tenant.account_sid}/Messages.json")
    assert listed["messages"] == []


async def test_what_is_provisioned_belongs_to_the_tenant_alone(
    tenant: ProvisionedAccount, simulator: Simulated
) -> None:
    own = (tenant.account_sid, tenant.auth_token)
    _, services, _ = await simulator.call(own, "GET", "/messaging/v1/Services")
    [service] = services["services"]
    assert (service["sid"], service["account_sid"]) == (tenant.messaging_service_sid, tenant.account_sid)
    path = f"/messaging/v1/Services/{tenant.messaging_service_sid}/PhoneNumbers"
    _, numbers, _ = await simulator.call(own, "GET", path)
    [number] = numbers["phone_numbers"]
    assert (number["sid"], number["phone_number"]) == (tenant.number_reference, tenant.number)
    _, of_parent, _ = await simulator.call(PARENT, "GET", "/messaging/v1/Services")
    assert tenant.messaging_service_sid not in [service["sid"] for service in of_parent["services"]]


async def test_provisioning_again_makes_only_a_new_key(gateway: TwilioGateway, simulator: Simulated) -> None:
    accounts, name = gateway.accounts(*PARENT), f"tenant {uuid4()}"
    first = await accounts.provision(name)
    second = await accounts.provision(name)
    assert (first.account_sid, first.auth_token) == (second.account_sid, second.auth_token)
    assert (first.number, first.number_reference) == (second.number, second.number_reference)
    assert first.messaging_service_sid == second.messaging_service_sid
    assert first.key_sid != second.key_sid
    for key in (first, second):  # the first one keeps working
        path = f"/api/2010-04-01/Accounts/{key.account_sid}/Messages.json"
        assert (await simulator.call((key.key_sid, key.key_secret), "GET", path))[0] == 200


@pytest.mark.parametrize("broken", ["/Keys.json", "/IncomingPhoneNumbers.json", "/Services", "/PhoneNumbers"])
async def test_a_run_that_broke_off_is_taken_up_again(
    gateway: TwilioGateway, simulator: Simulated, broken: str
) -> None:
    accounts, name = gateway.accounts(*PARENT), f"tenant {uuid4()}"
    simulator.door.closed_to.append(("", "POST", broken))
    with pytest.raises(ErrorAnswerError) as raised:
        await accounts.provision(name)
    assert raised.value.status == 503
    done = await accounts.provision(name)
    _, found, _ = await simulator.call(PARENT, "GET", "/api/2010-04-01/Accounts.json", FriendlyName=name)
    assert [account["sid"] for account in found["accounts"]] == [done.account_sid]
    own = (done.account_sid, done.auth_token)
    path = f"/api/2010-04-01/Accounts/{done.account_sid}/IncomingPhoneNumbers.json"
    _, numbers, _ = await simulator.call(own, "GET", path)
    assert [number["sid"] for number in numbers["incoming_phone_numbers"]] == [done.number_reference]
    _, services, _ = await simulator.call(own, "GET", "/messaging/v1/Services")
    assert [service["sid"] for service in services["services"]] == [done.messaging_service_sid]


async def test_a_tenant_with_the_parents_name_does_not_get_the_parent(
    gateway: TwilioGateway, simulator: Simulated
) -> None:
    path = f"/api/2010-04-01/Accounts/{SETTINGS.parent_sid}.json"
    name = f"Owl Inc. {uuid4()}"
    await simulator.call(PARENT, "POST", path, FriendlyName=name)
    tenant = await gateway.accounts(*PARENT).provision(name)
    assert tenant.account_sid != SETTINGS.parent_sid


async def test_a_number_in_a_wanted_area_is_bought(gateway: TwilioGateway) -> None:
    tenant = await gateway.accounts(*PARENT).provision(f"tenant {uuid4()}", area_code="310")
    assert tenant.number.startswith("+1310")


def test_secrets_are_not_in_the_text_of_an_account(tenant: ProvisionedAccount) -> None:
    assert tenant.auth_token not in repr(tenant)
    assert tenant.key_secret not in repr(tenant)
    assert SETTINGS.parent_token not in repr(SETTINGS)
