"""Policy: what a text may say, judged before it costs, and the exceptions that the operator makes."""
