"""The driver of the engine's tests."""

from tests.engine.conftest import driver

__all__ = ["driver"]
