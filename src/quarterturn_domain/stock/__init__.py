"""Stock: what lies where, what is reserved until when, and every movement between."""
