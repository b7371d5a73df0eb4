"""What the addresses among the settings have to look like."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether this host name or address stays on this machine."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def issuer_problem(issuer: str) -> str | None:
    """What is wrong with the address of an OpenID provider, said after the setting's name; None where nothing is."""
    try:
        parts = urlsplit(issuer)
        usable = parts.port != 0 and parts.hostname and not parts.username and not parts.query and not parts.fragment
    except ValueError:
        return "has a port that is no number, or a broken host"
    if parts.scheme not in {"http", "https"} or not usable:
        return "has to be an address like https://login.example.com, without a query"
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "has to begin with https://, because what it answers decides who signs in"
    return None


def url_problem(url: str) -> str | None:
    """The same of an address of the portal itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "has a port that is no number, or a broken host"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return "has to be an address like https://portal.example.com"
    if parts.username or parts.password or parts.path not in {"", "/"} or parts.query or parts.fragment:
        return "has to be scheme and host only, like https://portal.example.com"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "has to begin with https://, because sessions and tokens travel over it"
    return None


def port_of(url: str) -> int | None:
    """The port that an address names, if it names one."""
    try:
        return urlsplit(url).port
    except ValueError:
        return None
