"""How people may sign in, as the settings say."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The provider, and the portal's registration there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: str = "openid profile email"


@dataclass(frozen=True, slots=True)
class SignInMethods:
    """By a password of the portal's own, at a provider, or both."""

    password: bool = True
    provider: ProviderSettings | None = None
