"""Chains and bridge routes of the world as data: read from a pinned package, known here, not connected."""
