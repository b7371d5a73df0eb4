"""The provider's price list for the API, which has no other business with the provider: opened when it is asked for."""

from collections.abc import Sequence

from api.home import parent_account
from api.settings import Settings
from portal.rates.provider import PriceList


class ProviderPrices:
    """Implements the port `portal.rates.provider.PriceLists`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def read(self, countries: Sequence[str] | None) -> PriceList:
        """The prices of these countries, or of all that there are.

        Raises:
            ProviderUnavailableError: the provider did not answer, or refused.
        """
        from twilio_gateway.gateway import TwilioGateway  # noqa: PLC0415  20 MB that the API does without otherwise

        settings, parent = self._settings, parent_account(self._settings)
        async with TwilioGateway.open(settings.simulator_url if settings.simulated else None) as gateway:
            return await gateway.price_lists(parent.sid, parent.token.get_secret_value()).read(countries)
