"""The pages of signing in and of one's account, made here on the server: they work without JavaScript."""
