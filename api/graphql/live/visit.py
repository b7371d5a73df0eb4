"""Somebody behind an open connection: proved when it opened, and again and again while it lasts."""

import asyncio
from collections.abc import Awaitable, Callable

from auth.authentication import AuthenticationError
from auth.principal import Principal


class Visit:
    """Who looks on. `prove` finds out anew who holds the credential, and raises AuthenticationError for nobody."""

    def __init__(self, principal: Principal, prove: Callable[[], Awaitable[Principal]]) -> None:
        self.principal = principal
        self._prove = prove
        self._proven_at = asyncio.get_running_loop().time()
        self._turn = asyncio.Lock()  # one proof for all that ask at once

    async def still(self, within: float) -> None:
        """Return if the credential was good at some moment of the last `within` seconds, or is now.

        Raises:
            AuthenticationError: it is good no longer, or for another tenant only.
        """
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if now - self._proven_at < within:
                return
            principal = await self._prove()
            if principal.tenant_id != self.principal.tenant_id:
                raise AuthenticationError(403, "FORBIDDEN", "You are no longer in this tenant.")
            self.principal = principal
            self._proven_at = now
