"""Sets a tenant up at Twilio: subaccount, API key, number and messaging service, each made once."""

from dataclasses import dataclass, field

from portal.calls.provider import CallAddresses
from twilio_gateway.client import ParentAccount, TenantRoot
from twilio_gateway.http import PortalTwilioHttp, TwilioFailureError


class NoNumberError(TwilioFailureError):
    """Twilio has no number to sell there."""


@dataclass(frozen=True, slots=True)
class ProvisionedAccount:
    """All that the portal must keep of a tenant's subaccount."""

    account_sid: str
    auth_token: str = field(repr=False)  # Twilio signs the account's webhooks with it
    key_sid: str
    key_secret: str = field(repr=False)  # Twilio never shows it again
    number: str
    number_reference: str
    messaging_service_sid: str


class TwilioAccounts:
    """Opens subaccounts under one parent account."""

    def __init__(self, http: PortalTwilioHttp, parent_sid: str, parent_token: str) -> None:
        self._parent = ParentAccount(http, parent_sid, parent_token)

    async def provision(
        self,
        friendly_name: str,
        *,
        area_code: str | None = None,
        inbound_url: str | None = None,
        calls: CallAddresses | None = None,
    ) -> ProvisionedAccount:
        """Bring a tenant's subaccount to the state where it can send.

        What a broken-off run made is found again by its friendly name, for Twilio knows no idempotency key; runs for
        the same name must not overlap. Only the API key is made anew, since its secret cannot be read again.
        `inbound_url` is where Twilio calls with messages that people write to the tenant, `calls` where with their
        calls.

        Raises:
            TwilioFailureError: Twilio refused or did not answer; call again.
        """
        account = await self._parent.find_subaccount(friendly_name)
        if account is None:
            account = await self._parent.open_subaccount(friendly_name)
        number_sid, number = await _number(account, friendly_name, area_code)
        if calls is not None:
            await account.numbers(number_sid).update_async(
                voice_url=calls.received,
                voice_fallback_url=calls.received,  # asked once more: a call that waits can not be put off
                status_callback=calls.status,
            )
        service_sid = await _service(account, friendly_name, number_sid, inbound_url)
        key = await account.new_keys.create_async(friendly_name=friendly_name)
        return ProvisionedAccount(
            account_sid=account.account_sid,
            auth_token=account.auth_token,
            key_sid=key.sid,
            key_secret=key.secret,
            number=number,
            number_reference=number_sid,
            messaging_service_sid=service_sid,
        )


async def _number(account: TenantRoot, friendly_name: str, area_code: str | None) -> tuple[str, str]:
    held = await account.numbers.list_async(friendly_name=friendly_name, limit=1)
    if held:
        return held[0].sid, held[0].phone_number
    wanted = {} if area_code is None else {"area_code": int(area_code)}
    offered = await account.local_numbers.list_async(sms_enabled=True, limit=1, **wanted)
    if not offered:
        raise NoNumberError("no number is for sale there")
    bought = await account.numbers.create_async(phone_number=offered[0].phone_number, friendly_name=friendly_name)
    return bought.sid, bought.phone_number


async def _service(account: TenantRoot, friendly_name: str, number_sid: str, inbound_url: str | None) -> str:
    services = await account.services.list_async()
    sid = next((service.sid for service in services if service.friendly_name == friendly_name), None)
    if sid is None:
        sid = (await account.services.create_async(friendly_name=friendly_name)).sid
    if inbound_url is not None:
        await account.services(sid).update_async(inbound_request_url=inbound_url)
    numbers = account.services(sid).phone_numbers
    if all(number.sid != number_sid for number in await numbers.list_async()):
        await numbers.create_async(phone_number_sid=number_sid)
    return str(sid)
