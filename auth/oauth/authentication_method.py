"""How a client proves itself at the endpoints of the authorization server."""

from enum import StrEnum


class AuthenticationMethod(StrEnum):
    """A client is registered for one of these, and every other one is refused (RFC 7591, 2)."""

    NONE = "NONE"
    CLIENT_SECRET_BASIC = "CLIENT_SECRET_BASIC"  # noqa: S105  a name, no secret
    CLIENT_SECRET_POST = "CLIENT_SECRET_POST"  # noqa: S105  the same
    PRIVATE_KEY_JWT = "PRIVATE_KEY_JWT"

    @property
    def registered_name(self) -> str:
        """The name in IANA's registry: `client_secret_basic`."""
        return self.value.lower()
