"""Webhooks: what happens here is told to programs elsewhere, each of which hears what is its own."""
