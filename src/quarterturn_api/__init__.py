"""The outermost layer: the command `quarterturn` and the thin HTTP edge."""
