"""Finding a transfer by whatever staff were given of it."""

from .finding import Found, Group, Loose, search

__all__ = ["Found", "Group", "Loose", "search"]
