"""Real nodes behind fault proxies, as the tests of failover have them."""

from tests.faults.conftest import node, proxies

__all__ = ["node", "proxies"]
