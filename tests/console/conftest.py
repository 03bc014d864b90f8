"""The engine on real chains for what staff have it do."""

from tests.engine.conftest import driver
from tests.web.conftest import chains, nothing_from_before

__all__ = ["chains", "driver", "nothing_from_before"]
