"""One sign-in under way, between leaving for the provider and coming back: sealed in a cookie of this browser alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import orjson
from starlette.requests import Request
from starlette.responses import Response

from auth.same_origin import is_own_path
from portal.encryption import SecretBox, WrongSecretError

TRANSACTION_COOKIE = "__Host-portal_external_sign_in"
LIFETIME = timedelta(minutes=10)
_LONGEST_PATH = 1024  # a cookie holds 4 KiB


@dataclass(frozen=True, slots=True)
class Transaction:
    """What has to come back, what proves it, and what was wanted.

    `links` is the id of the person who links an identity to an account; None where somebody signs in.
    """

    state: str
    nonce: str
    code_verifier: str
    return_to: str
    ends_at: float
    links: str | None = None

    @classmethod
    def of(cls, request: Request, box: SecretBox, now: datetime) -> Self | None:
        """The one that this browser carries; None where there is none, it is over, or it was not sealed here."""
        sealed = request.cookies.get(TRANSACTION_COOKIE, "")
        try:
            transaction = cls(**orjson.loads(box.decrypt(sealed.encode())))
        except (WrongSecretError, TypeError, ValueError):
            return None
        return transaction if now.timestamp() < transaction.ends_at else None

    def set_in(self, response: Response, box: SecretBox) -> None:
        """Give it to the browser."""
        response.set_cookie(
            TRANSACTION_COOKIE,
            box.encrypt(orjson.dumps(self)).decode(),
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",  # the provider sends the browser back from another site
        )


def own_path(return_to: str) -> str:
    """This path where it is the portal's own and fits into the cookie, else the portal's first page."""
    return return_to if is_own_path(return_to) and len(return_to.encode()) <= _LONGEST_PATH else "/"


def forget(response: Response) -> None:
    """Take the transaction from the browser: it is good for one answer."""
    response.delete_cookie(TRANSACTION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
