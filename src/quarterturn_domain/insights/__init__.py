"""Insights: figures of the marketplace, from what was captured: sales, refunds and conversion."""
