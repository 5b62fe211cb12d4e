"""Identity: who asks, who sells, and whether they may."""
