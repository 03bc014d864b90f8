"""A local network whose system reaches its chains through fault proxies, and whose orders have short deadlines.

Asked for by the environment: WAYMEET_ENDPOINTS such as `alder=3:2 birch=2` (so many endpoints, with this
quorum), WAYMEET_FILL_SECONDS, WAYMEET_EXPIRES_SECONDS and WAYMEET_MIN_LEFT_SECONDS. Whatever belongs to the
local network itself keeps speaking to the nodes directly.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from intents.chains.limits import Limits
from intents.chains.manifest import ChainManifest, Endpoint
from intents.devnet.ports import HOST
from intents.devnet.supervisor import Child

PORT_OFFSET: Final = 20
MOST_ENDPOINTS: Final = 4
_LIMITS: Final = {
    "fill_seconds": "WAYMEET_FILL_SECONDS",
    "expires_seconds": "WAYMEET_EXPIRES_SECONDS",
    "min_left_seconds": "WAYMEET_MIN_LEFT_SECONDS",
}


class WiringInvalid(Exception):
    """An environment variable of this module cannot be read."""

    code = "wiring_invalid"
    retry = False


@dataclass(frozen=True, slots=True)
class Wiring:
    """How many endpoints each chain gets, by slug with its quorum; none means the node itself."""

    endpoints: Mapping[str, tuple[int, int]]
    limits: Mapping[str, int]
    first_port: int

    @staticmethod
    def from_environment(chain_port: int) -> "Wiring":
        """What the environment asks for. Raises WiringInvalid."""
        return Wiring(
            endpoints=_endpoints(os.environ.get("WAYMEET_ENDPOINTS", "")),
            limits={name: _number(key) for name, key in _LIMITS.items() if os.environ.get(key)},
            first_port=chain_port + PORT_OFFSET,
        )

    def manifests(self, direct: Sequence[ChainManifest]) -> list[ChainManifest]:
        """The chains as the system is to see them."""
        return [self._wired(manifest, place) for place, manifest in enumerate(direct)]

    def children(self, direct: Sequence[ChainManifest], environment: Mapping[str, str]) -> list[Child]:
        """A process for each endpoint, so that each can be killed by itself."""
        found = []
        for place, manifest in enumerate(direct):
            count, _ = self.endpoints.get(manifest.slug, (0, 1))
            for index in range(count):
                port = self.port(place, index)
                command = endpoint_command(port, manifest.endpoints[0].url)
                found.append(
                    Child(endpoint_name(manifest.slug, index), command, environment, is_foundation=True)
                )
        return found

    def port(self, place: int, index: int) -> int:
        """Where the proxy of the chain at this place of the network listens."""
        return self.first_port + place * MOST_ENDPOINTS + index

    def _wired(self, manifest: ChainManifest, place: int) -> ChainManifest:
        limits: Limits = replace(manifest.limits, **self.limits)
        count, quorum = self.endpoints.get(manifest.slug, (0, 1))
        if count == 0:
            return replace(manifest, limits=limits)
        places = [f"{HOST}:{self.port(place, index)}" for index in range(count)]
        endpoints = tuple(Endpoint(f"http://{item}", f"ws://{item}") for item in places)
        return replace(manifest, endpoints=endpoints, quorum=quorum, limits=limits)


def endpoint_command(port: int, node_url: str) -> tuple[str, ...]:
    """The process of one endpoint; its seed is its port."""
    return (sys.executable, "-m", "intents.devnet.faults", "--seed", str(port), f"{port}={node_url}")


def endpoint_name(slug: str, index: int) -> str:
    """The supervisor's name for an endpoint's process."""
    return f"endpoint-{slug}-{index}"


def _endpoints(text: str) -> dict[str, tuple[int, int]]:
    found = {}
    for word in text.split():
        slug, _, numbers = word.partition("=")
        count, _, quorum = numbers.partition(":")
        if not count.isdigit() or not (quorum or "1").isdigit():
            raise WiringInvalid(f"WAYMEET_ENDPOINTS: {word} is not like alder=3:2")
        found[slug] = (int(count), int(quorum or 1))
        if not 1 <= found[slug][1] <= found[slug][0] <= MOST_ENDPOINTS:
            raise WiringInvalid(
                f"WAYMEET_ENDPOINTS: {word} has too many endpoints, or too few for its quorum"
            )
    return found


def _number(key: str) -> int:
    text = os.environ[key]
    if not text.isdigit() or int(text) == 0:
        raise WiringInvalid(f"{key}={text} is not a number of seconds")
    return int(text)
