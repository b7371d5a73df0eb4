"""The only door to Twilio: one shared pool of connections, and each tenant with its own credentials."""
