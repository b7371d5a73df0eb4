"""The business: one room per capability. It knows nothing of HTTP, GraphQL or Twilio's wire format."""
