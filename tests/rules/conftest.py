"""How the properties are tried."""

from hypothesis import settings

# A busy machine is no failure; pytest's own timeout ends what hangs.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
