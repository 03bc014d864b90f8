"""Marks the tests that need real nodes by the fixtures that start them; no test depends on time taken."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

NODE_FIXTURES = {"network", "odd_network", "node", "worlds", "demo"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`chain` and `browser` follow from what a test asks for, so that none runs among the fast ones."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & NODE_FIXTURES or "tests/devnet/" in item.nodeid:
            item.add_marker(pytest.mark.chain)
        if "tests/browser/" in item.nodeid or "tests/looks/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
        if "tests/e2e/" in item.nodeid:
            item.add_marker(pytest.mark.chain)
            item.add_marker(pytest.mark.slow)
