"""Sends what is queued: each mail at least once, later and later where it fails, and no longer than for a day."""

import logging
from datetime import datetime, timedelta

import orjson

from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.database.connection import Row
from portal.encryption import SecretBox, WrongSecretError
from portal.mail.queue import Mail
from portal.mail.senders import MailNotSentError, MailRefusedError, MailSender

_LEASE = timedelta(minutes=2)  # longer than a sender takes: who dies meanwhile leaves the mail to another
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST = timedelta(days=1)
_CLAIM = """
UPDATE outgoing_mail SET due_at = $2, attempts = attempts + 1 WHERE id = (
  SELECT id FROM outgoing_mail WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, content, attempts, created_at
"""
_log = logging.getLogger(__name__)


class MailDelivery:
    """The worker's part; several workers may run it at once."""

    def __init__(self, database: Database, box: SecretBox, sender: MailSender, clock: Clock) -> None:
        self._database = database
        self._box = box
        self._sender = sender
        self._clock = clock

    async def send_due(self) -> int:
        """Try one mail that is due; how many there were."""
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER) as tx:
            row = await tx.row(_CLAIM, now, now + _LEASE)
        if row is None:
            return 0
        again = await self._try(row, now)
        async with self._database.as_role(DatabaseRole.WORKER) as tx:
            if again is None:
                await tx.execute("DELETE FROM outgoing_mail WHERE id = $1", row["id"])
            else:
                await tx.execute("UPDATE outgoing_mail SET due_at = $2 WHERE id = $1", row["id"], again)
        return 1

    async def _try(self, row: Row, now: datetime) -> datetime | None:
        """When to try again; None where it was sent, or never will be."""
        try:
            mail = Mail(**orjson.loads(self._box.decrypt(row["content"])))
            await self._sender.send(mail, id=row["id"], at=row["created_at"])
        except MailRefusedError as error:
            _log.warning("mail %s given up: %s", row["id"], error)
            return None
        except (MailNotSentError, WrongSecretError) as error:  # another worker may have the right secret
            last: datetime = row["created_at"] + _LONGEST
            if now >= last:
                _log.error("mail %s given up after a day: %s", row["id"], error)
                return None
            _log.warning("mail %s not sent at attempt %d: %s", row["id"], row["attempts"], error)
            pause: timedelta = _FIRST_PAUSE * 2 ** (row["attempts"] - 1)
            return min(now + pause, last)
        return None
