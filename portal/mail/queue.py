"""The queue of mails: what is written here is sent once its transaction has committed, and not before."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

import orjson

from portal.clock import new_id
from portal.database import Transaction
from portal.encryption import SecretBox


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text; its text may hold an address that is good for a short time, so it is never logged."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


class MailQueue:
    """Puts mails into the queue, for the database roles `app` and `auth`."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    async def put(self, tx: Transaction, mail: Mail, *, at: datetime) -> None:
        """Queue a mail, in the transaction of what it tells of."""
        content = self._box.encrypt(orjson.dumps(asdict(mail)))
        await tx.execute(
            "INSERT INTO outgoing_mail (id, content, created_at, due_at) VALUES ($1, $2, $3, $3)",
            *(new_id(at), content, at),
        )
