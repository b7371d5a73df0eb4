"""Ways to send a mail: by SMTP, or written where somebody who tries the portal out reads it; never into a log."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol, TextIO
from uuid import UUID

from portal.mail.queue import Mail

_SECONDS = 30.0
_PERMANENT = 500  # replies from here on do not change (RFC 5321, 4.2.1)


class MailNotSentError(Exception):
    """It was not sent now; trying again may help. The message holds nothing of the mail."""


class MailRefusedError(Exception):
    """It will never be sent: the address is none, or the server knows nobody there."""


class MailSender(Protocol):
    """Sends a mail, or writes it down."""

    async def send(self, mail: Mail, *, id: UUID, at: datetime) -> None:
        """Send it; `id` tells a receiver that gets it twice that it is the same.

        Raises:
            MailNotSentError: not now.
            MailRefusedError: never.
        """
        ...


class ConsoleSender:
    """Writes mails as text, one after the other."""

    def __init__(self, opened: Callable[[], AbstractContextManager[TextIO]]) -> None:
        self._opened = opened

    async def send(self, mail: Mail, *, id: UUID, at: datetime) -> None:  # noqa: ARG002  the protocol's
        """Write it at the end."""
        text = f"Date: {at:%Y-%m-%d %H:%M:%S} UTC\nTo: {mail.to}\nSubject: {mail.subject}\n\n{mail.text}\n{'-' * 72}\n"
        try:
            with self._opened() as stream:
                stream.write(text)
                stream.flush()
        except OSError as error:
            raise MailNotSentError(f"cannot write: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over. `tls` from the start is for port 465; otherwise it begins with STARTTLS."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    plain: bool = False  # without TLS, to this very machine


class SmtpSender:
    """Hands mails to an SMTP server, over TLS with a certificate that this machine trusts."""

    def __init__(self, server: SmtpServer, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._trust = trust or ssl.create_default_context()

    async def send(self, mail: Mail, *, id: UUID, at: datetime) -> None:
        """Hand it over, in a connection of its own."""
        message = self._message(mail, id, at)
        try:
            await asyncio.to_thread(self._hand_over, message, mail.to)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if min(codes) >= _PERMANENT:
                raise MailRefusedError(f"the server answered {codes[0]}") from None
            raise MailNotSentError(f"the server answered {codes[0]}") from None
        except smtplib.SMTPResponseException as error:
            raise MailNotSentError(f"the server answered {error.smtp_code}") from None
        except (OSError, ValueError) as error:  # its text may quote the address
            raise MailNotSentError(type(error).__name__) from None

    def _message(self, mail: Mail, id: UUID, at: datetime) -> EmailMessage:
        message = EmailMessage()
        try:
            message["To"] = Address(addr_spec=mail.to)
        except (MessageError, ValueError, IndexError):  # a comma would name somebody else besides
            raise MailRefusedError("the address is none that a mail can be sent to") from None
        message["From"] = self._server.sender
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{id}@{self._server.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers
        message.set_content(mail.text)
        return message

    def _hand_over(self, message: EmailMessage, to: str) -> None:
        server = self._server
        if server.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=self._trust)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
        with smtp:
            if not server.tls and not server.plain:
                smtp.starttls(context=self._trust)
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            smtp.send_message(message, to_addrs=[to])
