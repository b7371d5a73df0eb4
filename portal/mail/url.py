"""Where mails go, as a URL: `console:`, `console:/a/file`, `smtp://user:password@host:587` or `smtps://…`."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit

from portal.mail.senders import ConsoleSender, MailSender, SmtpSender, SmtpServer

_PORTS = {"smtp": 587, "smtps": 465}
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class MailUrlError(ValueError):
    """The text is no address for mails; the message goes on after the setting's name."""


def sender_for(url: str, mail_from: str) -> MailSender:
    """The sender that a URL names; `mail_from` is whose mails they are.

    Raises:
        MailUrlError: the text says something else.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "console":
        return ConsoleSender(_private_file(Path(rest)) if rest else lambda: nullcontext(sys.stdout))
    return SmtpSender(_server(url, mail_from))


def _private_file(path: Path) -> Callable[[], AbstractContextManager[TextIO]]:
    """Opens a file that only this user reads: mails hold addresses that let one in."""
    if not path.is_absolute():
        raise MailUrlError("names a file that does not begin with a slash: console:/path/to/file")
    return lambda: open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))


def _server(url: str, mail_from: str) -> SmtpServer:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise MailUrlError("has a port that is no number, or a broken host") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise MailUrlError("has to be like smtp://user:password@mail.example.com:587, smtps://… or console:")
    return SmtpServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        sender=mail_from,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "smtps",
        plain=parts.hostname in _THIS_MACHINE,
    )
