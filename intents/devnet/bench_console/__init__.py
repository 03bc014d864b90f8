"""A million orders in PostgreSQL, and how fast the console finds and lists them."""
