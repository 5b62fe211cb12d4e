"""Settlement: the books: who has which part of the money, why, and since when."""
