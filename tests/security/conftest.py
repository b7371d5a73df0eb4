"""An installed portal, for what is only to be seen in its files."""

from tests.shell.conftest import installation

__all__ = ["installation"]
