"""Whether a browser's request comes from the portal's own pages: what stands against forged requests."""

from urllib.parse import urlsplit

from starlette.requests import Request

_USUAL_PORT = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """The origin of an address, spelt as browsers spell it in `Origin`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _USUAL_PORT.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_same_origin(request: Request, origin: str) -> bool:
    """Whether the browser says that the portal's own page sent it.

    Browsers send `Sec-Fetch-Site` to https and to loopback, and no page can set it. Without it `Origin` has to be the
    configured one; without both nothing is proven.
    """
    sites = request.headers.getlist("sec-fetch-site")
    if sites:
        return sites == ["same-origin"]
    return request.headers.getlist("origin") == [origin]


def is_own_path(path: str) -> bool:
    """Whether a browser that is sent to this path stays with the portal.

    Browsers read a backslash as a slash and drop tabs and line ends, so that slash, tab, slash begins another host.
    """
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
