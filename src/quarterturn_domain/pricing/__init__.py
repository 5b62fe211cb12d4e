"""Pricing: what the customer pays, and who gets which part of it."""
