"""What erasing needs of the provider: the port that `twilio_gateway` implements."""

from typing import Protocol

from portal.messages.provider import ProviderCredentials


class ErasureProvider(Protocol):
    """Finds and erases what the provider keeps of a number; without an answer it raises ProviderUnavailableError."""

    async def messages_with(self, credentials: ProviderCredentials, number: str) -> list[str]:
        """References of messages to or from this number, some at a time; none where there are no more."""
        ...

    async def erase_message(self, credentials: ProviderCredentials, reference: str) -> bool:
        """Empty and delete a message; False where the provider still works on it: ask again later."""
        ...

    async def calls_with(self, credentials: ProviderCredentials, number: str) -> list[str]:
        """References of calls to or from this number, some at a time; none where there are no more."""
        ...

    async def erase_call(self, credentials: ProviderCredentials, reference: str) -> bool:
        """Delete a call's record; False where the call goes on still: ask again later."""
        ...
