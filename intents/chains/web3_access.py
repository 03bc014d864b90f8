"""A web3 object for slow, rare reads where contract objects are handy. Nothing is ever sent with it."""

from web3 import HTTPProvider, Web3

from .answers import Session

TIMEOUT_SECONDS = 5.0


def web3_for(url: str) -> Web3:
    """web3 on one endpoint, without retries.

    Contracts may ask a client to fetch URLs (EIP-3668); that is switched off, or a listed token could
    have our servers call whatever it names.
    """
    provider = HTTPProvider(
        url,
        request_kwargs={"timeout": TIMEOUT_SECONDS, "allow_redirects": False},
        session=Session(),
        exception_retry_configuration=None,
    )
    provider.global_ccip_read_enabled = False
    return Web3(provider)
