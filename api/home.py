"""The folder PORTAL_HOME: one running portal at a time, private files, and the key that encrypts secrets."""

import contextlib
import fcntl
import hmac
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import SecretStr

from api.settings import Settings, SettingsError

_LOG_LIMIT = 10_000_000  # bytes; a larger log is put aside when the portal starts


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs in a PORTAL_HOME."""

    pid: int
    url: str
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class ParentAccount:
    """The provider's account above all tenants."""

    sid: str
    token: SecretStr


class HomeInUseError(Exception):
    """Another portal runs in this PORTAL_HOME."""

    def __init__(self, holder: Holder | None) -> None:
        where = f"process {holder.pid}, {holder.url}" if holder else "its process is not known"
        super().__init__(
            f"The portal is already running here ({where}). Stop that one, or set another PORTAL_HOME and PORT."
        )
        self.holder = holder


class Home:
    """The folder itself, private to this user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def create(self) -> None:
        """Make the folder and its logs.

        Raises:
            SettingsError: it cannot be made or written.
        """
        try:
            (self.folder / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise SettingsError(
                f"PORTAL_HOME is {self.folder}, which cannot be used ({error.strerror}): name a folder of yours."
            ) from error

    def log(self, process: str) -> Path:
        """The log of one process."""
        return self.folder / "logs" / f"{process}.log"

    def put_aside_long_logs(self) -> None:
        """Keep one older generation of each long log."""
        for log in (self.folder / "logs").glob("*.log"):
            if log.stat().st_size > _LOG_LIMIT:
                log.replace(log.with_suffix(".log.1"))

    def hold(self, holder: Holder) -> bool:
        """Take the folder for this process; whether the one before it ended without cleaning up.

        Raises:
            HomeInUseError: another process holds it.
        """
        # The kernel gives a lock back when its process dies, however it dies: no stale lock can block the next run.
        lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise HomeInUseError(self.holder()) from None
        self._lock = lock
        interrupted = self.holder() is not None
        self.tell(holder)
        return interrupted

    def tell(self, holder: Holder | None) -> None:
        """Write who holds the folder; None when it was left in order."""
        if self._lock is None:
            raise RuntimeError("hold the folder first")
        with contextlib.suppress(OSError):  # it only informs: a full disk must not stop the portal from stopping
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, json.dumps(asdict(holder)).encode() if holder else b"", 0)

    def holder(self) -> Holder | None:
        """Who holds the folder, or held it and was killed."""
        try:
            return Holder(**json.loads(self._lock_file.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def leave(self) -> None:
        """Give the folder back, in order."""
        if self._lock is not None:
            self.tell(None)
            os.close(self._lock)
            self._lock = None

    def write_private(self, name: str, content: str) -> Path:
        """Write a file that only this user reads, whole or not at all."""
        target = self.folder / name
        _private_copy(self.folder, content).replace(target)
        return target

    @property
    def _lock_file(self) -> Path:
        return self.folder / "portal.lock"


def encryption_key(settings: Settings) -> SecretStr:
    """SECRET_KEY; without it the key that this PORTAL_HOME made for itself."""
    if settings.secret_key is not None:
        return settings.secret_key
    home = Home(settings.home)
    home.create()
    target = home.folder / "secret-key"
    if not target.exists():
        made = _private_copy(home.folder, secrets.token_urlsafe(32))
        with contextlib.suppress(FileExistsError):  # another process was quicker: its key counts
            os.link(made, target)
        made.unlink()
    return SecretStr(target.read_text())


def parent_account(settings: Settings) -> ParentAccount:
    """The provider's account above all tenants: Twilio's, or the one that the simulator of this home opens."""
    if settings.twilio_account_sid is not None and settings.twilio_auth_token is not None:
        return ParentAccount(settings.twilio_account_sid, settings.twilio_auth_token)
    key = encryption_key(settings).get_secret_value().encode()
    sid, token = (hmac.digest(key, name, "sha256").hex()[:32] for name in (b"simulated account", b"simulated token"))
    return ParentAccount(f"AC{sid}", SecretStr(token))


def _private_copy(folder: Path, content: str) -> Path:
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:  # mkstemp's mode is 0600
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            Path(file.name).unlink()
            raise
    return Path(file.name)
