"""Forty chains on one machine: thirty-six join a running system one after another, and what that costs is printed."""
