"""Whether a joined chain behaves, tried from outside: public contracts, endpoints and validators, and one funded key.

Nothing of Waymeet's servers or database is asked. Every trial is a real order of a few base units.
"""
