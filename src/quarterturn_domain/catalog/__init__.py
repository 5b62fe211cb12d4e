"""Catalog: what can be bought, from whom, at what price."""
