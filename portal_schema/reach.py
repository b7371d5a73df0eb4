"""What of a request reaches beyond the database: addresses that others come by, and whom the portal asks."""

from dataclasses import dataclass

from portal.contacts.exporting import ContactExports
from portal.files.uploads import Uploads
from portal.messages.media import MediaClient
from portal.preferences.links import PreferenceLinks
from portal.rates.provider import PriceLists


@dataclass(frozen=True, slots=True)
class Addresses:
    """What makes addresses that are signed: for files that come in and go out, and for consumers to choose at."""

    uploads: Uploads
    exports: ContactExports
    preferences: PreferenceLinks


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom the portal asks while somebody waits for the answer."""

    price_lists: PriceLists
    media: MediaClient
