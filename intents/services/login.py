"""Who is looking: the browser that made an order, and the wallet that signed in.

A browser is known by a signed random cookie; a wallet by an EIP-4361 text that we compose, keep and compare
as a whole, so nothing of what the wallet returns is parsed. An order never signs anybody in.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import is_address, to_checksum_address

from intents.errors import WaymeetError

from .intent import AddressMalformed

BROWSER_COOKIE = "waymeet_browser"
BROWSER_COOKIE_SECONDS = 365 * 24 * 3600
LOGIN_SECONDS = 300
# EIP-4361 allows only ASCII here, so it is English in every language.
STATEMENT = "Show the transfers of this wallet. This moves nothing and costs nothing."

_PENDING = "login_pending"
_WALLET = "wallet"
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")


class LoginNotStarted(WaymeetError):
    """No text waits to be signed in this session: none was asked for, or it was used up."""

    code = "login_not_started"


class LoginExpired(WaymeetError):
    """The text was signed too late."""

    code = "login_expired"


class LoginSignatureMalformed(WaymeetError):
    """Not a 65-byte signature in hex."""

    code = "signature_malformed"


class LoginWrongSigner(WaymeetError):
    """Another account signed, or another text."""

    code = "wrong_signer"


def new_browser_cookie() -> str:
    """A fresh signed cookie value for a browser we have not met."""
    return _signer().sign(secrets.token_urlsafe(32))


def browser_key(cookies: Mapping[str, str]) -> str:
    """The stored key of this browser (64 hex digits), or "" when its cookie is missing or not ours."""
    signed = cookies.get(BROWSER_COOKIE, "")
    if not signed:
        return ""
    try:
        secret = _signer().unsign(signed)
    except signing.BadSignature:
        return ""
    return hashlib.sha256(secret.encode()).hexdigest()


def login_message(
    *, address: str, domain: str, uri: str, chain_id: int, session: MutableMapping[str, Any]
) -> str:
    """Compose the EIP-4361 text this session must have signed; an earlier unsigned one is forgotten.

    Raises AddressMalformed.
    """
    if not is_address(address):
        raise AddressMalformed(field="address")
    now = datetime.now(UTC)
    until = now + timedelta(seconds=LOGIN_SECONDS)
    signer = to_checksum_address(address)
    text = "\n".join(
        (
            f"{domain} wants you to sign in with your Ethereum account:",
            signer,
            "",
            STATEMENT,
            "",
            f"URI: {uri}",
            "Version: 1",
            f"Chain ID: {chain_id}",
            f"Nonce: {secrets.token_hex(16)}",
            f"Issued At: {_rfc3339(now)}",
            f"Expiration Time: {_rfc3339(until)}",
        )
    )
    session[_PENDING] = {"text": text, "address": signer, "until": until.timestamp()}
    return text


def login_verify(*, signature: str, session: Any) -> str:
    """Sign the wallet in that signed this session's pending text; returns its checksummed address.

    The text is used up by the attempt, whatever comes of it. The session gets a new key. Raises
    LoginNotStarted, LoginExpired, LoginSignatureMalformed or LoginWrongSigner.
    """
    pending = session.pop(_PENDING, None)
    if pending is None:
        raise LoginNotStarted
    if datetime.now(UTC).timestamp() > pending["until"]:
        raise LoginExpired
    if not _SIGNATURE.fullmatch(signature):
        raise LoginSignatureMalformed
    if _recover(pending["text"], signature) != pending["address"]:
        raise LoginWrongSigner
    session.cycle_key()
    session[_WALLET] = pending["address"]
    return str(pending["address"])


def logged_in_wallet(session: Mapping[str, Any] | None) -> str:
    """The wallet this session proved to hold, or ""."""
    return str(session.get(_WALLET, "")) if session is not None else ""


def logout(session: MutableMapping[str, Any]) -> None:
    """Forget the wallet; this browser's own orders stay readable by its cookie."""
    session.pop(_WALLET, None)
    session.pop(_PENDING, None)


def _recover(text: str, signature: str) -> str:
    try:
        return str(Account.recover_message(encode_defunct(text=text), signature=signature))
    except Exception:  # eth_keys, coincurve and eth_account each raise their own classes for an invalid point
        return ""


def _rfc3339(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _signer() -> signing.Signer:
    return signing.Signer(salt=BROWSER_COOKIE)
