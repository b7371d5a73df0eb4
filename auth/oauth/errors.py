"""The errors that Authlib does not know, and how an error is answered (RFC 6749, 5.2)."""

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749.errors import InvalidClientError, OAuth2Error
from starlette.responses import JSONResponse, Response


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """The token was asked for another API (RFC 8707)."""

    error = "invalid_target"
    description = "This client gets tokens for one API alone: leave resource out, or name that API."


class LoginRequiredError(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """Nobody is signed in, and the client wants no page to be shown."""

    error = "login_required"
    description = "Somebody has to sign in first."


class ConsentRequiredError(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """The person is always asked, and the client wants no page to be shown."""

    error = "consent_required"
    description = "The person has to be asked first."


class RefusedClientError(InvalidClientError):  # type: ignore[misc]  # Authlib ships no types
    """One answer for an unknown client, a wrong secret and none at all: nobody learns which clients exist."""

    def __init__(self) -> None:
        super().__init__(status_code=401, description="Client authentication failed.")

    def get_headers(self) -> list[tuple[str, str]]:
        """Basic is the way to prove a client (RFC 6749, 5.2)."""
        return [*default_json_headers, ("WWW-Authenticate", 'Basic realm="token endpoint"')]


def error_response(error: OAuth2Error, headers: dict[str, str] | None = None) -> Response:
    """The error as JSON, not to be stored."""
    status, body, own = error()
    return JSONResponse(body, status, {**dict(own), **(headers or {})})
