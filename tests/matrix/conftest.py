"""The engine on real chains, driven by the test."""

from ..engine.conftest import driver

__all__ = ["driver"]
