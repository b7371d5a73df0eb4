"""Failures said plainly: what happened, and how to mend it."""

import errno
import logging
from collections.abc import Callable
from pathlib import Path

import typer

from api.announcement import complain
from api.causes import causes
from api.settings import Settings, SettingsError
from portal.database.address import AddressError
from portal.database.embedded import EmbeddedServerError

_DISK_FULL = "53100"  # PostgreSQL's SQLSTATE
_NO_RIGHT = "42501"
_log = logging.getLogger(__name__)
_REFUSED_LOGIN = ("28", "3D")  # classes: invalid authorization, unknown database


class PortalError(Exception):
    """The portal cannot go on; the message says why and how to mend it."""


def plainly(action: Callable[[], None], settings: Settings, log: Path | None) -> None:
    """Do it; a failure is said in one message, and ends the command with 1."""
    try:
        action()
    except SettingsError:
        raise
    except Exception as error:  # noqa: BLE001  the last one to catch: nobody shall read a traceback
        if not isinstance(error, PortalError):
            _log.exception("the portal cannot go on")
        complain(in_plain_words(error, settings, log))
        raise typer.Exit(1) from None


def in_plain_words(error: BaseException, settings: Settings, log: Path | None) -> str:
    """One message for a failure while starting or running; the traceback belongs into the log."""
    met = list(causes(error))
    where = log or "the log above"
    states = [str(getattr(cause, "sqlstate", None) or "") for cause in met]
    if any(isinstance(cause, OSError) and cause.errno == errno.ENOSPC for cause in met) or _DISK_FULL in states:
        return f"The disk is full: make room, or move PORTAL_HOME ({settings.home}) to another disk."
    if isinstance(error, (PortalError, EmbeddedServerError, AddressError)):
        return str(error)
    if any(state.startswith(_REFUSED_LOGIN) for state in states):
        return f"The database at {_place(settings)} refuses the login: correct user, password and name in DATABASE_URL."
    if _NO_RIGHT in states:
        return (
            "The database user may not do this: DATABASE_OWNER_URL has to name a user that may create roles "
            f"(CREATEROLE) and tables. The statement is in {where}"
        )
    if any(isinstance(cause, (ConnectionError, TimeoutError, OSError)) for cause in met):
        return f"The database at {_place(settings)} does not answer: start it, or correct DATABASE_URL. See {where}"
    return f"The portal met an error of its own ({type(error).__name__}); the traceback is in {where}"


def _place(settings: Settings) -> str:
    address = settings.database()
    return address.host if address.host.startswith("/") else f"{address.host}:{address.port}"
