"""Messages: accepted, sent once, followed until they arrive or do not."""
