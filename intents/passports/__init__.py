"""Passports of chains and tokens: what was measured of them, not what they say of themselves."""
