"""Erases what Twilio keeps of a number: a message is emptied first, for a deleted one may outlive the answer."""

from collections.abc import Awaitable, Callable

from portal.messages.provider import ProviderCredentials
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import ErrorAnswerError, PortalTwilioHttp
from twilio_gateway.messages import told_unavailable

_PAGE = 100
_NOT_FOUND = 404
_NOT_FINAL = 20009  # Twilio still works on it


class TwilioErasure:
    """Implements the port `portal.erasure.provider.ErasureProvider`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def messages_with(self, credentials: ProviderCredentials, number: str) -> list[str]:
        """References of messages to or from this number, at most a page of each.

        Raises:
            ProviderUnavailableError: no answer.
        """
        messages = TenantAccount(self._http, credentials).messages
        with told_unavailable():
            sent = await messages.page_async(to=number, page_size=_PAGE)
            received = await messages.page_async(from_=number, page_size=_PAGE)
            return [record.sid for record in (*sent, *received)]

    async def erase_message(self, credentials: ProviderCredentials, reference: str) -> bool:
        """Empty and delete a message; False where Twilio still works on it.

        Raises:
            ProviderUnavailableError: no answer.
        """
        message = TenantAccount(self._http, credentials).messages(reference)

        async def erase() -> None:
            await message.update_async(body="")
            await message.delete_async()

        return await _erased(erase)

    async def calls_with(self, credentials: ProviderCredentials, number: str) -> list[str]:
        """References of calls to or from this number, at most a page of each.

        Raises:
            ProviderUnavailableError: no answer.
        """
        calls = TenantAccount(self._http, credentials).calls
        with told_unavailable():
            made = await calls.page_async(to=number, page_size=_PAGE)
            received = await calls.page_async(from_=number, page_size=_PAGE)
            return [record.sid for record in (*made, *received)]

    async def erase_call(self, credentials: ProviderCredentials, reference: str) -> bool:
        """Delete a call's record; False where the call goes on still.

        Raises:
            ProviderUnavailableError: no answer.
        """
        return await _erased(TenantAccount(self._http, credentials).calls(reference).delete_async)


async def _erased(erase: Callable[[], Awaitable[object]]) -> bool:
    """Whether a record is gone, by this or before it."""
    with told_unavailable():
        try:
            await erase()
        except ErrorAnswerError as error:
            if error.code == _NOT_FINAL:
                return False
            if error.status != _NOT_FOUND:
                raise
    return True
