"""Signing in with e-mail and password: one answer for an unknown address, a wrong password and a disabled account."""

import logging
from dataclasses import dataclass
from uuid import UUID

from auth.passwords import Passwords
from auth.people import normal_email
from auth.throttle import Purpose, Throttle
from portal.database import Database, DatabaseRole

_FIND = "SELECT id, password_hash, password_changed_at FROM person WHERE email = $1 AND disabled_at IS NULL"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignInOutcome:
    """Who signed in; or nobody, and how long to wait before trying again."""

    person_id: UUID | None
    seconds_to_wait: int = 0


class SignIn:
    """Checks e-mail and password, slowly for whoever guesses."""

    def __init__(self, database: Database, passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def check(self, email: str, password: str, *, address: str) -> SignInOutcome:
        """Who has this e-mail address and password; `address` is where the request came from."""
        try:
            email = normal_email(email)
        except ValueError:
            email = ""  # nobody's, and it costs as much time
        if wait := await self._throttle.attempt(Purpose.SIGN_IN, email, address):
            return SignInOutcome(None, wait)
        person_id = await self._verified(email, password)
        if person_id is None:
            _log.info("sign-in refused")
        else:
            await self._throttle.succeeded(Purpose.SIGN_IN, email, address)
        return SignInOutcome(person_id)

    async def _verified(self, email: str, password: str) -> UUID | None:
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            row = await tx.row(_FIND, email)
        verdict = await self._passwords.verify(password, row["password_hash"] if row else None)
        if row is None or not verdict.right:
            return None
        person_id: UUID = row["id"]
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            now = await tx.row(_FIND, email)
            # That took a while: a password that was changed meanwhile has ended all sessions, and begins none.
            if now is None or now["password_changed_at"] != row["password_changed_at"]:
                return None
            if verdict.new_hash:
                await tx.execute(
                    "UPDATE person SET password_hash = $2 WHERE id = $1 AND password_hash = $3",
                    *(person_id, verdict.new_hash, row["password_hash"]),
                )
        return person_id
