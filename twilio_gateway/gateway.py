"""Opens the door: the one place where the gateway's parts are put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

from twilio_gateway.account_usage import TwilioAccountUsage
from twilio_gateway.accounts import TwilioAccounts
from twilio_gateway.call_reports import TwilioCallReports
from twilio_gateway.calls import TwilioCalls
from twilio_gateway.client import import_sdk
from twilio_gateway.contents import TwilioContents
from twilio_gateway.debugger import TwilioDebugger
from twilio_gateway.erasing import TwilioErasure
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.inbound import TwilioInboundLog, TwilioInboundMessages
from twilio_gateway.lookups import TwilioLookups
from twilio_gateway.messages import TwilioMessages, TwilioStatusReports
from twilio_gateway.pricing import TwilioPriceLists
from twilio_gateway.usage_records import TwilioUsageRecords
from twilio_gateway.usage_triggers import TwilioTriggerReports, TwilioUsageTriggers
from twilio_gateway.voice import TwilioCallAnswers

_TIMEOUT = timedelta(seconds=10)


class TwilioGateway:
    """What the rest of the product uses of Twilio."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http
        self.messages = TwilioMessages(http)
        self.status_reports = TwilioStatusReports()
        self.debugger = TwilioDebugger()
        self.usage_triggers = TwilioUsageTriggers(http)
        self.trigger_reports = TwilioTriggerReports()
        self.usage_records = TwilioUsageRecords(http)
        self.inbound_messages = TwilioInboundMessages()
        self.inbound_log = TwilioInboundLog(http)
        self.erasure = TwilioErasure(http)
        self.call_reports = TwilioCallReports()
        self.calls = TwilioCalls(http)
        self.lookups = TwilioLookups(http)
        self.call_answers = TwilioCallAnswers()
        self.contents = TwilioContents(http)
        self.account_usage = TwilioAccountUsage(http)

    @classmethod
    @asynccontextmanager
    async def open(cls, api_base: str | None = None, timeout: timedelta = _TIMEOUT) -> AsyncIterator[Self]:  # noqa: ASYNC109  each request's deadline
        """A gateway for as long as the context lasts.

        Args:
            api_base: the simulator's address; None for Twilio itself.
            timeout: how long one request may take, from connecting to the last byte.
        """
        async with PortalTwilioHttp(api_base=api_base, timeout=timeout) as http:
            await asyncio.to_thread(import_sdk, http)
            yield cls(http)

    def accounts(self, parent_sid: str, parent_token: str) -> TwilioAccounts:
        """The subaccounts of one parent account."""
        return TwilioAccounts(self._http, parent_sid, parent_token)

    def price_lists(self, parent_sid: str, parent_token: str) -> TwilioPriceLists:
        """What Twilio asks this parent account for."""
        return TwilioPriceLists(self._http, parent_sid, parent_token)
