"""What stands between the domain and the world: storage, payment providers, shop platforms, brokers, and their wiring."""
