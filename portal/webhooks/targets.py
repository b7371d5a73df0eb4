"""Where events may go: to public addresses over HTTPS, and to the networks that the operator names. Pure."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2000
_HTTPS_PORT = 443
_FIRST_FREE_PORT = 1024  # below it lie the services that a request must not be smuggled to
# The same for a name that nobody has: else a portal could be asked which names its own network has.
NOT_PUBLIC = "Its host is not found on the public Internet: check how it is spelt; private addresses get no events."
# Of IPv6 only what is handed out for the public Internet (RFC 4291, 2.4): so neither loopback, link-local and unique
# local addresses, nor any that has an IPv4 address inside (mapped, compatible, NAT64).
_PUBLIC_V6 = IPv6Network("2000::/3")
_SPECIAL = tuple(
    IPv6Network(text) if ":" in text else IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # RFC 6890, as is what follows without a name
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local: the metadata of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocols of the IETF, with Teredo, which has an IPv4 address inside
        "2001:db8::/32",
        "2002::/16",  # 6to4, which has an IPv4 address inside
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet reaches the same host by this address."""
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return False
    return address.is_global and not any(address in network for network in _SPECIAL)


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of these networks."""
    return any(address in network for network in networks)


def may_reach(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether a connection to this address may be opened."""
    return is_public(address) or is_within(address, allowed)


def literal_address(host: str) -> Address | None:
    """The address that a URL's host is, where it is no name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def url_problem(url: str) -> str | None:
    """What is wrong with an endpoint's URL whatever its host resolves to, for people; None where it may be tried."""
    if len(url) > LONGEST_URL:
        return f"A URL has at most {LONGEST_URL:,} characters."
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in " \\"):
        return "A URL is written in ASCII, without spaces and backslashes: spell other characters by %, hosts by xn--."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is no URL: it reads like https://example.com/webhooks."
    return _parts_problem(url, parts, port)


def addresses_problem(url: str, addresses: Sequence[Address], allowed: Sequence[Network]) -> str | None:
    """Why no event may go to this URL, whose host has these addresses: every one of them has to be fit to go to."""
    if not addresses or not all(may_reach(address, allowed) for address in addresses):
        return NOT_PUBLIC
    if urlsplit(url).scheme != "https" and not all(is_within(address, allowed) for address in addresses):
        return "It has to begin with https://, so that nobody on the way can read events or change them."
    return None


def _parts_problem(url: str, parts: SplitResult, port: int | None) -> str | None:
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not url.lower().startswith(f"{parts.scheme}://") or not host:
        return "It has to begin with https:// and a host: https://example.com/webhooks."
    if "@" in parts.netloc:
        return "Leave user and password out of it: the signature proves where an event is from."
    if "#" in url:
        return "Leave out what stands behind #: it is never sent."
    if port is not None and port != _HTTPS_PORT and port < _FIRST_FREE_PORT:
        return f"Its port has to be {_HTTPS_PORT}, or {_FIRST_FREE_PORT} and above."
    return _host_problem(parts.netloc, host)


def _host_problem(netloc: str, host: str) -> str | None:
    if netloc.startswith("["):
        return None if "%" not in host and isinstance(literal_address(host), IPv6Address) else NOT_PUBLIC
    # 127.1, 0x7f000001 and 2130706433 are addresses too, to whoever resolves them: only the usual spelling is one here.
    if _ENDS_IN_A_NUMBER.fullmatch(host.rstrip(".")):
        return None if isinstance(literal_address(host), IPv4Address) else NOT_PUBLIC
    name = host.removesuffix(".")
    if not _NAME.fullmatch(name):
        return "Its host is no name of a host: it reads like example.com."
    if "." not in name:
        return NOT_PUBLIC if name == "localhost" else None
    return None
