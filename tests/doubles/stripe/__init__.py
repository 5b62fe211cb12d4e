"""A stateful double of Stripe over HTTP that holds every request, and every answer of its own, against the published contract."""
