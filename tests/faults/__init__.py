"""Everything fails at random, by a seed: then what Twilio has and what the portal's tables say is compared."""
