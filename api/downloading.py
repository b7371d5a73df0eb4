"""Who downloads a file: a browser that follows a link on the portal's own page, or a machine with an access token."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from auth.authentication import AuthenticationError, Authenticator
from auth.principal import Principal

HEADERS = {"Cache-Control": "no-store", "Vary": "Authorization, Cookie, Sec-Fetch-Site"}


async def who_downloads(authenticator: Authenticator, request: Request) -> Principal:
    """Whoever asks.

    Raises:
        AuthenticationError: it is nobody, or another site started it.
    """
    if "authorization" in request.headers:
        return await authenticator.authenticate(request)
    # `none` is the address bar or a bookmark. What another site starts is refused, though it could not read it.
    if request.headers.getlist("sec-fetch-site") not in (["same-origin"], ["none"]):
        raise AuthenticationError(HTTPStatus.FORBIDDEN, "FORBIDDEN", "Open files from the portal's own page.")
    principal = await authenticator.visitor(request)
    if principal is None:
        message = "Sign in first, or send an access token."
        raise AuthenticationError(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", message)
    return principal


def refused(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal for people."""
    return PlainTextResponse(f"{message}\n", status, {**HEADERS, **(headers or {})})
