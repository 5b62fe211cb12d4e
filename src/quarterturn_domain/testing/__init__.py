"""Testing: strategies, state machines and port contracts, to test your own rules and adapters (`quarterturn[testing]`)."""
