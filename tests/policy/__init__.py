"""Policy: what texts may say, who is refused for it, and the operator's exceptions."""
