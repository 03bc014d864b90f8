"""Sends one account's calls to a chain that is not connected yet.

Nothing is stored: the chain itself is the memory. Whoever calls this looks at the chain first, after `settle`, and
sends only what is missing; a run that was killed leaves transactions that the next one waits for.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from intents.errors import WaymeetError

from .calls import Call
from .client import ChainClient, Receipt, parse_receipt
from .endpoints import SendRejected, SendUnknown
from .fees import HEADROOM, FeeAboveCap, Fees
from .reverts import Refusal, Reverted

LEAST_STUCK_SECONDS: Final = 6.0
STUCK_BLOCKS: Final = 4
MOST_ROUNDS: Final = 8
BUMP_PERCENT: Final = 130
PLAIN_GAS: Final = 21_000
SHORTEST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0


class NotMined(WaymeetError):
    """The chain did not take our transactions in a long while; they may still be mined."""

    code = "not_mined"
    retry = True
    status = 503


class AccountInUse(WaymeetError):
    """Somebody else sends from this account at the same time."""

    code = "account_in_use"
    retry = True


class TooPoor(WaymeetError):
    """The account cannot pay for its transactions; `need` and `have` are wei."""

    code = "sender_too_poor"


class CallRefused(WaymeetError):
    """A contract refused one of the calls; `place` is which of them, `reason` what it said."""

    code = "call_refused"

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(reason, place=place, reason=reason)
        self.place = place


@dataclass(slots=True)
class _Sending:
    """A call with its nonce and every hash it was sent under."""

    call: Call
    nonce: int
    hashes: list[str] = field(default_factory=list)
    receipt: Receipt | None = None


class DirectSender:
    """One account on one chain; used by one thread. `beat` is called while it waits, and may raise to end it."""

    def __init__(
        self, chain: ChainClient, signer: LocalAccount, *, beat: Callable[[], None] = lambda: None
    ) -> None:
        self._chain = chain
        self._signer = signer
        self._beat = beat

    def settle(self) -> None:
        """Wait until nothing of this account waits to be mined: what is read afterwards is all there is.

        What does not move is replaced by transfers of nothing. Raises NotMined, FeeAboveCap.
        """
        mined, known = self._nonces()
        if known <= mined:
            return
        until = time.monotonic() + self._stuck_seconds
        while mined < known and time.monotonic() < until:
            self._rest()
            mined, known = self._nonces()
        if mined < known:
            nothing = Call(self._signer.address, gas_limit=PLAIN_GAS)
            self._mine([_Sending(nothing, nonce) for nonce in range(mined, known)], percent=BUMP_PERCENT)

    def send_all(self, calls: Sequence[Call]) -> list[Receipt]:
        """Send the calls in order, each with its gas limit, and wait until all are mined.

        Raises CallRefused for the first that reverted, TooPoor, FeeAboveCap, NotMined, AccountInUse.
        """
        if not calls:
            return []
        first, _ = self._nonces()
        sending = [_Sending(call, first + place) for place, call in enumerate(calls)]
        self._require_funds(calls)
        # Whoever lost hold while these nonces were read must not send with them what another run has sent.
        self._beat()
        self._mine(sending, percent=100)
        receipts = []
        for place, item in enumerate(sending):
            if item.receipt is None:
                raise AccountInUse(f"{self._signer.address} sent something else with nonce {item.nonce}")
            if not item.receipt.is_success:
                raise CallRefused(place, self._reason(item.call, item.receipt))
            receipts.append(item.receipt)
        return receipts

    def fees(self, *, percent: int = 100) -> Fees:
        """What a unit of gas is offered now, raised to `percent`. Raises FeeAboveCap."""
        manifest = self._chain.manifest
        base, priority = self._chain.head().base_fee_wei, manifest.priority_fee_wei
        if base + priority > manifest.max_fee_wei:
            raise FeeAboveCap(f"{manifest.slug}: base fee {base} wei", chain=manifest.name)
        most = min((HEADROOM * base + priority) * percent // 100, manifest.max_fee_wei)
        return Fees(most, min(priority * percent // 100, most))

    def _mine(self, sending: list[_Sending], *, percent: int) -> None:
        """Send until every nonce is used, for more each time that nothing moves."""
        for _ in range(MOST_ROUNDS):
            fees = self.fees(percent=percent)
            for item in sending:
                if item.receipt is None:
                    self._send(item, fees)
            if self._all_used(sending):
                return
            percent = percent * BUMP_PERCENT // 100
        raise NotMined(f"{self._chain.manifest.slug}: nonce {sending[0].nonce} is not mined")

    def _send(self, item: _Sending, fees: Fees) -> None:
        signed = self._signer.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain.chain_id,
                "nonce": item.nonce,
                "to": to_checksum_address(item.call.target),
                "data": item.call.data,
                "value": item.call.value_wei,
                "gas": item.call.gas_limit or PLAIN_GAS,
                "maxFeePerGas": fees.max_fee_wei,
                "maxPriorityFeePerGas": fees.priority_fee_wei,
            }
        )
        item.hashes.append("0x" + signed.hash.hex())
        try:
            self._chain.send_raw(bytes(signed.raw_transaction))
        except SendUnknown:
            return
        except SendRejected as error:
            # A nonce that is used was used by an earlier sending of ours, or by somebody else: receipts tell.
            if error.refusal not in (Refusal.NONCE_TOO_LOW, Refusal.REPLACEMENT_UNDERPRICED):
                raise

    def _all_used(self, sending: list[_Sending]) -> bool:
        """Wait for receipts until nothing moved for a while; whether every nonce is used."""
        quiet_since = time.monotonic()
        while True:
            missing = [item for item in sending if item.receipt is None]
            if self._read_receipts(missing):
                quiet_since = time.monotonic()
            missing = [item for item in missing if item.receipt is None]
            if not missing or self._nonces()[0] > sending[-1].nonce:
                self._read_receipts(missing)
                return True
            if time.monotonic() - quiet_since > self._stuck_seconds:
                return False
            self._rest()

    def _read_receipts(self, missing: Sequence[_Sending]) -> int:
        asked = [(item, tx_hash) for item in missing for tx_hash in item.hashes]
        if not asked:
            return 0
        found = self._chain.batch([("eth_getTransactionReceipt", [tx_hash]) for _, tx_hash in asked])
        for (item, _), value in zip(asked, found, strict=True):
            if value is not None:
                item.receipt = parse_receipt(value)
        return sum(value is not None for value in found)

    def _require_funds(self, calls: Sequence[Call]) -> None:
        price = self.fees().max_fee_wei
        need = sum(call.value_wei + (call.gas_limit or 0) * price for call in calls)
        have = self._chain.balance(self._signer.address)
        if have < need:
            raise TooPoor(
                f"{self._signer.address} has {have} wei and needs {need}",
                address=self._signer.address,
                have=str(have),
                need=str(need),
            )

    def _reason(self, call: Call, receipt: Receipt) -> str:
        if call.gas_limit is not None and receipt.gas_used >= call.gas_limit:
            return "out of gas"
        try:
            self._chain.simulate(call, self._signer.address, block=receipt.block_number)
        except Reverted as reverted:
            return reverted.said
        except WaymeetError as error:
            return str(error)
        return "no reason when repeated"

    def _nonces(self) -> tuple[int, int]:
        """Used by mined transactions, and by those that wait as well."""
        address = self._signer.address
        mined, known = self._chain.batch(
            [
                ("eth_getTransactionCount", [address, "latest"]),
                ("eth_getTransactionCount", [address, "pending"]),
            ]
        )
        return int(mined, 16), int(known, 16)

    @property
    def _stuck_seconds(self) -> float:
        return max(LEAST_STUCK_SECONDS, STUCK_BLOCKS * self._chain.manifest.block_seconds)

    def _rest(self) -> None:
        self._beat()
        pause = self._chain.manifest.block_seconds / 8
        time.sleep(min(max(pause, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))
