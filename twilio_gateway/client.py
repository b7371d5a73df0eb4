"""Whose credentials reach what: one class for each kind, so that none can act on an account that is not its own.

The SDK's client takes a third account and uses it only in api.twilio.com's paths: on every other host it would act on
the parent account, without an error. Here a parent's credentials reach the accounts resource and nothing else, and
a tenant's reach nothing but the tenant's own account.
"""

from typing import Any

from twilio.rest import Client

from portal.margin_report.provider import AccountCredentials
from portal.messages.provider import ProviderCredentials
from twilio_gateway.http import Answer, PortalTwilioHttp

# Not empty: for an empty mapping the SDK reads the process's own TWILIO_EDGE, TWILIO_REGION and credentials.
_ENVIRONMENT = {"TWILIO_EDGE": ""}


class ForeignCredentialsError(ValueError):
    """Credentials of one account were to act on another."""


class TenantAccount:
    """A subaccount, reached with an API key of its own: what sending needs."""

    def __init__(self, http: PortalTwilioHttp, credentials: ProviderCredentials) -> None:
        _check_sid(credentials.account_sid)
        if credentials.key_sid != credentials.account_sid and not credentials.key_sid.startswith("SK"):
            raise ForeignCredentialsError("a tenant's account is reached with its own API key or token, no other's")
        self._sdk = _sdk(http, credentials.key_sid, credentials.key_secret, credentials.account_sid)

    @property
    def messages(self) -> Any:
        """The account's messages."""
        return self._sdk.messages

    @property
    def calls(self) -> Any:
        """The account's calls."""
        return self._sdk.calls

    @property
    def lookups(self) -> Any:
        """What is known of numbers, asked for in the account's name."""
        return self._sdk.lookups.v2.phone_numbers

    @property
    def contents(self) -> Any:
        """The texts that it keeps for the account."""
        return self._sdk.content.v1.contents

    @property
    def daily_usage(self) -> Any:
        """The account's usage records by day."""
        return self._sdk.usage.records.daily

    @property
    def usage_triggers(self) -> Any:
        """The triggers on the account's usage."""
        return self._sdk.usage.triggers


class TenantRoot:
    """A subaccount, reached with its own SID and auth token: what setting it up needs, on every host."""

    def __init__(self, http: PortalTwilioHttp, account_sid: str, auth_token: str) -> None:
        _check_sid(account_sid)
        self.account_sid = account_sid
        self.auth_token = auth_token
        self._sdk = _sdk(http, account_sid, auth_token, account_sid)

    @property
    def numbers(self) -> Any:
        """The numbers that the account holds."""
        return self._sdk.incoming_phone_numbers

    @property
    def local_numbers(self) -> Any:
        """The local US numbers that it could buy."""
        return self._sdk.available_phone_numbers("US").local

    @property
    def services(self) -> Any:
        """Its messaging services."""
        return self._sdk.messaging.v1.services

    @property
    def new_keys(self) -> Any:
        """Where its API keys are made."""
        return self._sdk.new_keys


class ParentAccount:
    """The ISV's own account: opens subaccounts, finds them again, reads what Twilio asks for, and no more."""

    def __init__(self, http: PortalTwilioHttp, sid: str, auth_token: str) -> None:
        _check_sid(sid)
        self._http = http
        self._sid = sid
        self._sdk = _sdk(http, sid, auth_token, sid)
        self._accounts = self._sdk.api.v2010.accounts

    @property
    def pricing(self) -> Any:
        """Twilio's price lists, as they are for this account."""
        return self._sdk.pricing

    async def find_subaccount(self, friendly_name: str) -> TenantRoot | None:
        """The oldest active subaccount of that name."""
        accounts = await self._accounts.list_async(friendly_name=friendly_name, status="active")
        # Twilio lists the parent among its subaccounts.
        found = [account for account in accounts if account.sid != self._sid]
        if not found:
            return None
        oldest = min(found, key=lambda account: (account.date_created, account.sid))
        return TenantRoot(self._http, oldest.sid, oldest.auth_token)

    async def open_subaccount(self, friendly_name: str) -> TenantRoot:
        """A new subaccount."""
        account = await self._accounts.create_async(friendly_name=friendly_name)
        return TenantRoot(self._http, account.sid, account.auth_token)


class ReadAccount:
    """An account or one below it, reached with the upper one's credentials: nothing but a GET leaves from here."""

    def __init__(self, http: PortalTwilioHttp, credentials: AccountCredentials, account_sid: str) -> None:
        _check_sid(credentials.account_sid)
        _check_sid(account_sid)
        self._sdk = _sdk(_ReadOnlyHttp(http), credentials.username, credentials.password, account_sid)

    @property
    def accounts(self) -> Any:
        """The account and all below it."""
        return self._sdk.api.v2010.accounts

    @property
    def monthly_usage(self) -> Any:
        """Its usage records by month."""
        return self._sdk.usage.records.monthly


class _ReadOnlyHttp:
    """Lets a GET through, and nothing else."""

    is_async = True

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def request(self, method: str, uri: str, *arguments: Any, **named: Any) -> Answer:
        """Send it.

        Raises:
            ForeignCredentialsError: it could change something.
        """
        if method != "GET":
            raise ForeignCredentialsError("these credentials are for reading")
        return await self._http.request(method, uri, *arguments, **named)


def import_sdk(http: PortalTwilioHttp) -> None:
    """Touch all that is used: the SDK imports on first touch, which would stall the event loop for 40 to 90 ms."""
    sdk = _sdk(http, "AC", "", "AC")
    root = TenantRoot(http, "AC" + "0" * 32, "")
    _ = (
        sdk.messages,
        sdk.calls,
        sdk.lookups.v2.phone_numbers,
        sdk.content.v1.contents,
        sdk.usage.records.daily,
        sdk.usage.triggers,
        sdk.api.v2010.accounts,
        root.numbers,
        root.local_numbers,
        root.new_keys,
        root.services("MG").phone_numbers,
    )


def _sdk(http: PortalTwilioHttp | _ReadOnlyHttp, username: str, password: str, account_sid: str) -> Any:
    return Client(username, password, account_sid, http_client=http, environment=_ENVIRONMENT)


def _check_sid(sid: str) -> None:
    if not sid.startswith("AC"):
        raise ForeignCredentialsError("an account's SID begins with AC")
