"""The HTTP edge and the `portal` command: settings, processes, health, and where all parts are put together."""
