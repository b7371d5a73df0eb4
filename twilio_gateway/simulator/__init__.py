"""A Twilio for development and tests: its wire format, its message lifecycle and signed callbacks, on this machine."""
