"""Mails leave the queue once, by a real SMTP server or into a private file, and nothing of them is in a log."""

import asyncio
import contextlib
import email
import logging
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.mail.delivery import MailDelivery
from portal.mail.queue import Mail, MailQueue
from portal.mail.senders import MailNotSentError, MailRefusedError, MailSender, SmtpSender, SmtpServer
from portal.mail.url import MailUrlError, sender_for
from tests.certificates import tls
from tests.serving import free_port
from tests.turnable_clock import TurnableClock

BOX = SecretBox("a made-up secret of enough characters")
MAIL = Mail("olga@example.com", "Reset your password", "Open https://portal.example.com/?token=the-secret\n")
FROM = "portal@example.com"
_ID = uuid4()


class Postbox:
    """What an SMTP server was handed, and what it answers."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.to_recipient = "250 OK"
        self.to_mail = "250 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        if self.to_mail.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
        return self.to_mail


@asynccontextmanager
async def smtp(postbox: Postbox, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    """A real SMTP server on loopback; gives its port."""
    loop, listening = asyncio.get_running_loop(), free_port()
    server = await loop.create_server(lambda: SMTP(postbox, loop=loop, **options), sock=listening, ssl=tls)
    async with server:
        yield listening.getsockname()[1]


def delivery(database: Database, clock: TurnableClock, sender: MailSender) -> MailDelivery:
    return MailDelivery(database, BOX, sender, clock)


async def queue(database: Database, clock: TurnableClock, mail: Mail = MAIL) -> None:
    async with database.as_role(DatabaseRole.AUTH) as tx:
        await MailQueue(BOX).put(tx, mail, at=clock.now())


async def queued(database: Database) -> list[Any]:
    async with database.as_role(DatabaseRole.WORKER) as tx:
        return await tx.rows("SELECT attempts, due_at, content FROM outgoing_mail ORDER BY id")


async def test_a_mail_is_handed_over_once_and_leaves_the_queue(database: Database, clock: TurnableClock) -> None:
    postbox = Postbox()
    await queue(database, clock)
    async with smtp(postbox) as port:
        sending = delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM))
        assert [await sending.send_due(), await sending.send_due()] == [1, 0]
    ((recipients, message),) = postbox.mails
    assert recipients == ["olga@example.com"]
    shown = {name: message[name] for name in ("To", "From", "Subject", "Auto-Submitted")}
    assert shown == {
        "To": "olga@example.com",
        "From": FROM,
        "Subject": "Reset your password",
        "Auto-Submitted": "auto-generated",
    }
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Date"].datetime == clock.now().replace(microsecond=0)
    assert message.get_content().splitlines() == MAIL.text.splitlines()
    assert await queued(database) == []


async def test_many_workers_send_each_mail_once(database: Database, clock: TurnableClock) -> None:
    postbox = Postbox()
    for number in range(6):
        await queue(database, clock, Mail(f"person{number}@example.com", "Hello", "Hello\n"))
    async with smtp(postbox) as port:
        sending = delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM))
        assert sum(await asyncio.gather(*(sending.send_due() for _ in range(10)))) == 6
    recipients = sorted(recipient for each, _ in postbox.mails for recipient in each)
    assert recipients == [f"person{number}@example.com" for number in range(6)]


async def test_the_queue_holds_no_mail_in_the_clear(database: Database, clock: TurnableClock) -> None:
    await queue(database, clock)
    (row,) = await queued(database)
    assert not any(part in row["content"] for part in (b"olga", b"Reset", b"the-secret"))


async def test_a_server_that_fails_is_tried_again_later_and_later_and_at_last_after_a_day(
    database: Database, clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    postbox = Postbox()
    postbox.to_mail = "451 Try again, says the server to olga@example.com"
    begun = clock.now()
    await queue(database, clock)
    tried = []
    with caplog.at_level(logging.DEBUG):
        async with smtp(postbox) as port:
            sending = delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM))
            while rows := await queued(database):
                clock.turn_to(rows[0]["due_at"] - timedelta(microseconds=1))
                assert await sending.send_due() == 0
                clock.turn_to(rows[0]["due_at"])
                tried.append((clock.now() - begun) / timedelta(minutes=1))
                assert await sending.send_due() == 1
    assert tried == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1440]
    assert postbox.mails == []
    said = _said(caplog)
    assert said[0].endswith("not sent at attempt 1: the server answered 451")
    assert said[-1].endswith("given up after a day: the server answered 451")
    assert len(said) == len(tried)


async def test_a_mail_that_another_secret_encrypted_waits_a_day_for_a_worker_with_it_and_is_given_up(
    database: Database, clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    postbox = Postbox()
    async with database.as_role(DatabaseRole.AUTH) as tx:
        await MailQueue(SecretBox("another secret of enough characters")).put(tx, MAIL, at=clock.now())
    async with smtp(postbox) as port:
        sending = delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM))
        assert [await sending.send_due(), await sending.send_due()] == [1, 0]
        (row,) = await queued(database)
        assert row["due_at"] == clock.now() + timedelta(minutes=1)
        clock.advance(timedelta(days=1))
        await queue(database, clock)
        assert [await sending.send_due(), await sending.send_due(), await sending.send_due()] == [1, 1, 0]
    assert len(postbox.mails) == 1  # the other was not held up
    assert await queued(database) == []
    assert "given up after a day: cannot decrypt" in _said(caplog)[-1]


async def test_a_server_that_is_back_gets_the_mail(database: Database, clock: TurnableClock) -> None:
    postbox = Postbox()
    await queue(database, clock)
    with free_port() as nobody:
        port = nobody.getsockname()[1]
    await delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM)).send_due()
    assert [row["attempts"] for row in await queued(database)] == [1]
    clock.advance(timedelta(minutes=1))
    async with smtp(postbox) as port:
        await delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM)).send_due()
    assert len(postbox.mails) == 1
    assert await queued(database) == []


async def test_a_worker_that_dies_while_it_sends_leaves_the_mail_to_another(
    database: Database, clock: TurnableClock
) -> None:
    class Dying:
        async def send(self, *_: object, **__: object) -> None:
            raise asyncio.CancelledError

    postbox = Postbox()
    await queue(database, clock)
    with contextlib.suppress(asyncio.CancelledError):
        await delivery(database, clock, Dying()).send_due()
    async with smtp(postbox) as port:
        sending = delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM))
        assert await sending.send_due() == 0
        clock.advance(timedelta(minutes=2))
        assert await sending.send_due() == 1
    assert len(postbox.mails) == 1


@pytest.mark.parametrize(("answer", "left"), [("550 Nobody here", 0), ("450 Not now", 1)])
async def test_an_unknown_recipient_is_given_up_and_a_busy_one_is_not(
    database: Database, clock: TurnableClock, answer: str, left: int
) -> None:
    postbox = Postbox()
    postbox.to_recipient = answer
    await queue(database, clock)
    async with smtp(postbox) as port:
        await delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM)).send_due()
    assert len(await queued(database)) == left


@pytest.mark.parametrize("to", ["a,victim@example.com", "<victim@example.com", "a@example.com>", "a(b@example.com"])
async def test_an_address_that_a_header_would_read_otherwise_is_given_up(to: str) -> None:
    postbox = Postbox()
    async with smtp(postbox) as port:
        sender = sender_for(f"smtp://127.0.0.1:{port}", FROM)
        with pytest.raises(MailRefusedError):
            await sender.send(Mail(to, "Hello", "Hello\n"), id=_ID, at=datetime.now(UTC))
    assert postbox.mails == []


async def test_a_subject_stays_one_line(database: Database, clock: TurnableClock) -> None:
    postbox = Postbox()
    await queue(database, clock, Mail("olga@example.com", "You join Falcon\r\nBcc: victim@example.com", "Hello\n"))
    async with smtp(postbox) as port:
        await delivery(database, clock, sender_for(f"smtp://127.0.0.1:{port}", FROM)).send_due()
    ((recipients, message),) = postbox.mails
    assert (recipients, message["Bcc"]) == (["olga@example.com"], None)
    assert message["Subject"] == "You join Falcon Bcc: victim@example.com"


@pytest.mark.parametrize("from_the_start", [True, False], ids=["smtps", "starttls"])
async def test_a_login_goes_over_tls_to_a_trusted_server(tmp_path: Path, *, from_the_start: bool) -> None:
    ours, trusting = tls(tmp_path)
    logins = []

    def login(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        logins.append((given.login, given.password))
        return AuthResult(success=True)

    postbox = Postbox()
    # aiosmtpd does not see TLS that began before it, so there it cannot insist on a login.
    late: dict[str, Any] = {"tls_context": ours, "require_starttls": True, "auth_required": True}
    options: dict[str, Any] = {"tls": ours, "auth_require_tls": False} if from_the_start else late
    async with smtp(postbox, authenticator=login, **options) as port:
        server = SmtpServer("localhost", port, FROM, user="portal", password="p@ss", tls=from_the_start)
        with pytest.raises(MailNotSentError, match="SSLCertVerificationError"):
            await SmtpSender(server).send(MAIL, id=_ID, at=datetime.now(UTC))
        assert (logins, postbox.mails) == ([], [])
        await SmtpSender(server, trusting).send(MAIL, id=_ID, at=datetime.now(UTC))
    assert logins == [(b"portal", b"p@ss")]
    assert len(postbox.mails) == 1


async def test_without_tls_nothing_is_handed_to_another_machine() -> None:
    postbox = Postbox()
    async with smtp(postbox) as port:
        server = SmtpServer("localhost", port, FROM, user="portal", password="p@ss")
        with pytest.raises(MailNotSentError, match="SMTPNotSupportedError"):
            await SmtpSender(server).send(MAIL, id=_ID, at=datetime.now(UTC))
    assert postbox.mails == []


async def test_the_console_writes_into_a_file_of_this_user_alone(
    database: Database, clock: TurnableClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mail.txt"
    await queue(database, clock)
    await queue(database, clock, Mail("adam@example.com", "Hello", "Hello Adam\n"))
    with caplog.at_level(logging.DEBUG):
        sending = delivery(database, clock, sender_for(f"console:{file}", ""))
        assert [await sending.send_due() for _ in range(3)] == [1, 1, 0]
    written = file.read_text()
    assert [part in written for part in (MAIL.to, MAIL.subject, MAIL.text, "Hello Adam")] == [True] * 4
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _said(caplog) == []


async def test_a_file_that_cannot_be_written_is_tried_again(
    database: Database, clock: TurnableClock, tmp_path: Path
) -> None:
    await queue(database, clock)
    await delivery(database, clock, sender_for(f"console:{tmp_path}/none/mail.txt", "")).send_due()
    assert len(await queued(database)) == 1


async def test_the_console_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    await sender_for("console:", "").send(MAIL, id=_ID, at=datetime.now(UTC))
    assert MAIL.text in capsys.readouterr().out


def test_what_a_url_says_and_leaves_out() -> None:
    assert _server("smtp://mail.example.com") == SmtpServer("mail.example.com", 587, FROM)
    assert _server("smtps://u%40x:p%3A@mail.example.com") == SmtpServer(
        "mail.example.com", 465, FROM, user="u@x", password="p:", tls=True
    )
    assert _server("smtp://127.0.0.1:25") == SmtpServer("127.0.0.1", 25, FROM, plain=True)
    assert "p:" not in repr(_server("smtps://u:p%3A@mail.example.com"))
    with pytest.raises(MailUrlError):
        sender_for("imap://mail.example.com", FROM)


def _server(url: str) -> SmtpServer:
    sender = sender_for(url, FROM)
    assert isinstance(sender, SmtpSender)
    return sender._server  # noqa: SLF001  what the URL became


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the portal logged; the test's own server logs too. None of it is of a mail."""
    said = [record.getMessage() for record in caplog.records if record.name.startswith("portal.mail")]
    assert not any(part in line for line in said for part in ("olga", "example.com", "the-secret", "Reset"))
    return said
