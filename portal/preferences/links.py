"""Links to consumers' pages: whoever has one may choose for its number and for no other, and it tells nobody which."""

from uuid import UUID

from portal.encryption import TokenBox

PURPOSE = "preference links"
_TENANT_BYTES, _NUMBER_BYTES = 16, 7  # an E.164 number has at most 15 digits


class PreferenceLinks:
    """Makes links and reads them back. They never expire: an old text's link has to let one leave, too."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._box = TokenBox(secret, PURPOSE)
        self._public_url = public_url

    def to(self, tenant_id: UUID, number: str) -> str:
        """The address of the page of this number's consumer, always the same, and short, for it is part of texts."""
        return f"{self._public_url}/p/{self.token(tenant_id, number)}"

    def example(self) -> str:
        """What such an address looks like, as long as all of them are; it leads nowhere."""
        return f"{self._public_url}/p/{'x' * len(self.token(UUID(int=0), '+1'))}"

    def token(self, tenant_id: UUID, number: str) -> str:
        """What the address ends with."""
        return self._box.seal(tenant_id.bytes + int(number.removeprefix("+")).to_bytes(_NUMBER_BYTES, "big"))

    def opened(self, token: str) -> tuple[UUID, str] | None:
        """The tenant and the number of a token of ours, or None."""
        opened = self._box.open(token)
        if opened is None or len(opened) != _TENANT_BYTES + _NUMBER_BYTES:
            return None
        return UUID(bytes=opened[:_TENANT_BYTES]), f"+{int.from_bytes(opened[_TENANT_BYTES:], 'big')}"
