"""The commands, a module each: `describe` says what it takes, `run` does it and answers with the exit status."""
