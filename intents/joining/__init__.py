"""A chain joins: an ordered list of steps, each of which looks at the chain first and does only what is missing."""
