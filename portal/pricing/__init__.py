"""Pricing: what usage costs a tenant by its plan, and why: five strategies behind one interface. Pure."""
