"""Contracts: one class of tests per port, which an adapter's author subclasses to see every promise of the port kept."""
