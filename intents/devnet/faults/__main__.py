"""`python -m intents.devnet.faults 9001=http://127.0.0.1:8545`: a fault proxy before each node named.

The control token comes from WAYMEET_FAULTS_TOKEN; without one each proxy makes up its own and says it.
"""

import argparse
import os
import sys

from .proxy import CONTROL_PATH, FaultProxy


def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("proxies", nargs="+", metavar="port=url")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    token = os.environ.get("WAYMEET_FAULTS_TOKEN", "")
    proxies = []
    for place, word in enumerate(options.proxies):
        port, _, url = word.partition("=")
        proxies.append(FaultProxy(url, port=int(port), seed=options.seed + place, token=token))
    for proxy in proxies:
        note = "" if token else f", token {proxy.token}"
        sys.stdout.write(f"{proxy.url} before {proxy.node[0]}:{proxy.node[1]}, {CONTROL_PATH}{note}\n")
        sys.stdout.flush()
    for proxy in proxies[1:]:
        proxy.start()
    proxies[0].serve()


main()
