"""The OAuth authorization server: what was read and proven first, and Authlib's grants run over that."""
