"""The engine on real chains for what staff have it do."""

from tests.engine.conftest import driver

__all__ = ["driver"]
