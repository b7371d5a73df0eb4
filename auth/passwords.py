"""Passwords: what one may be, and Argon2id, computed in threads, a few at a time."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pwdlib import PasswordHash

from portal.database import Transaction

_AT_ONCE = 2  # each takes 64 MiB and a core for some 50 ms
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
_FEWEST_OTHERS = 6  # characters besides what anybody would try first
_FEWEST_DIFFERENT = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and its hash by today's parameters where the stored one is by older ones."""

    right: bool
    new_hash: str | None = None


def password_problem(password: str, *, email: str, product_name: str) -> str | None:
    """Why this may not be somebody's new password, in a sentence; None if it may.

    By NIST SP 800-63B, 5.1.1.2: length counts, no kinds of characters are asked for, and what is obvious here is none.
    """
    if len(password) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters: a few words are easy to keep in mind."
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    rest = password.casefold()
    for obvious in (email, *email.split("@"), product_name):
        rest = rest.replace(obvious.casefold(), "")
    if len(rest) < _FEWEST_OTHERS:
        return "That is little more than your e-mail address or this portal's name: add some words of your own."
    if len(set(rest)) < _FEWEST_DIFFERENT:
        return "That repeats itself: use more different characters."
    return None


async def set_password(tx: Transaction, person_id: UUID, password_hash: str, *, at: datetime) -> None:
    """Give a person this password; what its sessions do then is not decided here."""
    await tx.execute(
        "UPDATE person SET password_hash = $2, password_changed_at = $3 WHERE id = $1", person_id, password_hash, at
    )


class Passwords:
    """Hashes and verifies passwords; the event loop goes on meanwhile."""

    def __init__(self, hasher: PasswordHash | None = None) -> None:
        self._hasher = hasher or PasswordHash.recommended()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Compare; without a stored hash it takes as long, so that nobody learns who has an account."""
        if len(password) > LONGEST_PASSWORD:
            return Verdict(right=False)
        if stored is None:
            stored, password = await self._hash_of_nobody(), ""
        async with self._turns:
            right, new_hash = await asyncio.to_thread(self._hasher.verify_and_update, password, stored)
        return Verdict(right, new_hash)

    async def _hash_of_nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = await self.hash(secrets.token_urlsafe())
        return self._nobodys
