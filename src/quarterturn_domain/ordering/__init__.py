"""Ordering: from the cart to the parcel at the door, and back where it must."""
