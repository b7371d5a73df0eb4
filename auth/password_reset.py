"""A new password for who forgot it, and the proof that an e-mail address is one's own: both by a mailed address."""

from auth.mailed_links import LinkPurpose, MailedLinks
from auth.passwords import Passwords, password_problem, set_password
from auth.people import normal_email
from auth.sessions import Sessions
from portal.clock import Clock
from portal.database import Database, DatabaseRole

_RESET, _VERIFICATION = LinkPurpose.PASSWORD_RESET, LinkPurpose.EMAIL_VERIFICATION
_VERIFY = "UPDATE person SET email_verified_at = coalesce(email_verified_at, $2) WHERE id = $1"
# Who has no password here signs in elsewhere, and gets no way around that.
_FIND = "SELECT id, email FROM person WHERE email = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL"


class LinkEndedError(Exception):
    """The mailed address is not good, or no longer."""


class PasswordRefusedError(Exception):
    """The new password may not be one; the message says why."""


class PasswordReset:
    """Asks for a mailed address, and takes it back with what it is for."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        sessions: Sessions,
        links: MailedLinks,
        *,
        product_name: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions
        self._links = links
        self._product_name = product_name

    async def ask(self, email: str) -> None:
        """Mail an address to whoever has an account with a password; nobody learns whether there is one."""
        try:
            email = normal_email(email)
        except ValueError:
            return
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            row = await tx.row(_FIND, email)
            if row is not None:
                await self._links.send(tx, _RESET, row["id"], row["email"])

    async def is_good(self, secret: str) -> bool:
        """Whether a new password can be set with this secret."""
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            return await self._links.holder(tx, _RESET, secret) is not None

    async def reset(self, secret: str, password: str) -> None:
        """Set the password; all sessions end, and what applications might do. The second factor stays.

        Raises:
            LinkEndedError: the secret is not good, or no longer.
            PasswordRefusedError: the password may not be one; the secret stays good.
        """
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            holder = await self._links.holder(tx, _RESET, secret)
        if holder is None:
            raise LinkEndedError
        if problem := password_problem(password, email=holder.email, product_name=self._product_name):
            raise PasswordRefusedError(problem)
        hashed = await self._passwords.hash(password)
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            if await self._links.use(tx, _RESET, secret) is None:
                raise LinkEndedError
            await set_password(tx, holder.person_id, hashed, at=self._clock.now())
            await tx.execute(_VERIFY, holder.person_id, self._clock.now())  # the mail was read
            await self._sessions.end_all(tx, holder.person_id)
            await self._links.tell(tx, holder.email, "A new password was set, and all sessions were ended.")

    async def verify_email(self, secret: str) -> None:
        """Note that the address is the person's own.

        Raises:
            LinkEndedError: the secret is not good, or no longer.
        """
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            holder = await self._links.use(tx, _VERIFICATION, secret)
            if holder is None:
                raise LinkEndedError
            await tx.execute(_VERIFY, holder.person_id, self._clock.now())
