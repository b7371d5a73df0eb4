"""Who calls, and which account they may touch: Twilio's own rules, from which a wrong credential is found out."""

import binascii
import hmac
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from sqlite3 import Row

from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.wire import TwilioError


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, and whether it came with an API key (which reaches less) or its auth token."""

    account: Row
    by_key: bool

    @property
    def is_parent(self) -> bool:
        """Whether the account owns itself."""
        return bool(self.account["owner_sid"] == self.account["sid"])


def authenticate(ledger: Ledger, header: str | None) -> Caller:
    """The caller that the Authorization header proves (RFC 7617).

    Raises:
        TwilioError: 401 for no one that is known.
    """
    username, password = _basic(header)
    by_key = username.startswith("SK")
    if by_key:
        account = ledger.row(
            "SELECT account.*, secret_sha256 AS proof FROM api_key JOIN account ON account.sid = account_sid "
            "WHERE api_key.sid = ?",
            username,
        )
        given = digest(password)
    else:
        account = ledger.row("SELECT *, auth_token AS proof FROM account WHERE sid = ?", username)
        given = password
    if account is None or not hmac.compare_digest(account["proof"].encode(), given.encode()):
        raise TwilioError(401, 20003)
    if account["status"] == "closed":
        raise TwilioError(401, 20003)
    return Caller(account, by_key)


def reach(ledger: Ledger, caller: Caller, account_sid: str) -> Row:
    """The account in a path of the 2010-04-01 API, where the caller may touch it.

    Raises:
        TwilioError: 401 where it may not; an account that is absent looks the same.
    """
    account = ledger.row("SELECT * FROM account WHERE sid = ?", account_sid)
    if account is None:
        raise TwilioError(401, 20003)
    own = account["sid"] == caller.account["sid"]
    parent = account["owner_sid"] == caller.account["sid"] and not caller.by_key
    if not own and not parent:
        raise TwilioError(401, 20003)
    return account


def digest(secret: str) -> str:
    """What is kept of an API key's secret, which Twilio shows only once."""
    return sha256(secret.encode()).hexdigest()


def _basic(header: str | None) -> tuple[str, str]:
    kind, _, encoded = (header or "").partition(" ")
    try:
        username, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TwilioError(401, 20003) from None
    if kind.lower() != "basic":
        raise TwilioError(401, 20003)
    return username, password
