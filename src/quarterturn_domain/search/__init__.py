"""Search: what shoppers find: by words, by filters, near a place."""
