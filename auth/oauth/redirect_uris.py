"""Where an application may be sent back to: what may be registered, and what counts as registered. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

# The port of a native application's own listener is not known before (RFC 8252, 7.3); nothing else may differ.
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(/.*)?")
_LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}
_LONGEST = 2000


def is_registered(redirect_uri: str, registered: Iterable[str], *, any_loopback_port: bool) -> bool:
    """Whether it equals a registered one, letter by letter; on loopback the port may differ where that is allowed."""
    if redirect_uri in registered:
        return True
    if not any_loopback_port:
        return False
    asked = _LOOPBACK.fullmatch(redirect_uri)
    return asked is not None and any(
        known is not None and known.groups() == asked.groups() for known in map(_LOOPBACK.fullmatch, registered)
    )


def check_redirect_uri(redirect_uri: str) -> None:
    """Refuse what must not be registered (RFC 9700, 2.1; RFC 8252, 7).

    Raises:
        ValueError: what is wrong with it, and what would do.
    """
    if len(redirect_uri) > _LONGEST or not redirect_uri.isascii() or not redirect_uri.isprintable():
        raise ValueError("a redirect URI is printable ASCII of at most 2,000 characters")
    if {" ", "#", "*", "\\", '"', "<", ">"} & set(redirect_uri):
        raise ValueError("a redirect URI is one exact address: without fragment, wildcard, quotes and spaces")
    try:
        parts = urlsplit(redirect_uri)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        raise ValueError("a redirect URI has to be an address") from None
    if "@" in parts.netloc:
        raise ValueError("a redirect URI holds no user name")
    web = parts.scheme == "https" and bool(parts.hostname)
    local = parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS
    # A private-use scheme is a domain name backwards, and it names no host (RFC 8252, 7.1).
    native = "." in parts.scheme and not parts.netloc and parts.path.startswith("/")
    if not (web or local or native):
        raise ValueError("a redirect URI is https://…, http://127.0.0.1/…, or com.example.application:/…")


def form_source(redirect_uri: str) -> str:
    """What a page's `form-action` has to name, so that browsers follow the form's redirect there (CSP 3, 6.1.10)."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
