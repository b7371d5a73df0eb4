"""What a person proves besides the password: one-time passwords, passkeys, recovery codes."""
