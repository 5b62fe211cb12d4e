"""Payments: the customer's money comes in, and goes back where it must."""
