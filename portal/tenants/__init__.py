"""Tenants: the ISV's customers, one provider account each."""
