"""Bodies: what things look like over the wire, one file for what several routes show."""
