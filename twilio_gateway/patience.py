"""Asks Twilio again where it may still answer: for reading alone, which changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from twilio_gateway.http import ErrorAnswerError, TwilioFailureError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to ask, and for how many seconds to wait at most before asking again."""

    tries: int
    longest_wait: float
    sleep: Sleep = asyncio.sleep

    async def read(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer, asked for again later and later, or when Twilio says (RFC 9110 section 10.2.3).

        Raises:
            TwilioFailureError: Twilio refuses, asks for a longer wait, or did not answer any of the times.
        """
        for tried in range(self.tries - 1):
            wait = min(float(2**tried), self.longest_wait)
            try:
                return await ask()
            except ErrorAnswerError as error:
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.status != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                if error.retry_after is not None:
                    wait = error.retry_after.total_seconds()
                if wait > self.longest_wait:
                    raise
            except TwilioFailureError:
                pass
            await self.sleep(wait)
        return await ask()
