"""Payouts: when an earning can be had, who is paid what, and what is recovered."""
