"""Twilio's webhooks: proved by their signature, written into the inbox, and only then answered."""
