"""Economics: what tenants and plans bring in, what they cost the ISV, and what follows from both."""
