"""The kernel: what three contexts need: money, rates, ids, errors, events, lifecycles, time and the unit of work."""
