"""Holds a receipt against chains, through nodes of the caller's choice: nothing in it is believed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from intents.settlement.destination_call import DestinationCallError, call_in, final_recipient
from intents.settlement.order import (
    MandateOutput,
    OrderFieldError,
    StandardOrder,
    bytes32_to_address,
    int_to_address,
    order_from_json,
    order_id,
)

from . import receipt_logs as logs_of
from .chain_reader import NATIVE, ChainReader, ChainUnreachable

FORMAT = "waymeet-receipt-1"
JsonObject = Mapping[str, Any]
# What a receipt must show for what it says became of the transfer.
NEEDED = {
    "delivered": {"locked", "delivered"},
    "returned": {"returned"},
    "waiting": {"held"},
    "running": set(),
}


class ReceiptMalformed(Exception):
    """The text is no receipt of ours."""

    code = "receipt_malformed"
    retry = False


class DoesNotHold(Exception):
    """One line differs from the chain; the text says in what."""

    code = "does_not_hold"
    retry = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, and what was found."""

    name: str
    is_held: bool
    said: str


@dataclass(frozen=True, slots=True)
class Case:
    """A receipt that was read, the nodes to ask, and contracts by chain and name that the caller knows."""

    document: JsonObject
    order: StandardOrder
    order_id: bytes
    readers: Mapping[int, ChainReader]
    known: Mapping[int, Mapping[str, str]]

    def reader(self, chain_id: int) -> ChainReader:
        """The node of a chain; a line that nobody can be asked about does not hold."""
        if chain_id not in self.readers:
            raise DoesNotHold(f"no endpoint of chain {chain_id} was named")
        return self.readers[chain_id]


def check(
    document: JsonObject, readers: Mapping[int, ChainReader], known: Mapping[int, Mapping[str, str]]
) -> Iterator[Finding]:
    """Every check of a receipt, in order. Raises ReceiptMalformed before the first."""
    case = _read(document, readers, known)
    yield _finding("order id", lambda: _identity(case))
    yield _finding("contracts", lambda: _contracts(case))
    yield _finding("completeness", lambda: _completeness(case))
    for line in case.document["lines"]:
        yield _finding(str(line.get("what", "?")), lambda line=line: _line(case, line))  # type: ignore[misc]
    for line in case.document["transactions"]:
        yield _finding("transaction", lambda line=line: _transaction(case, line))  # type: ignore[misc]


def _read(
    document: JsonObject, readers: Mapping[int, ChainReader], known: Mapping[int, Mapping[str, str]]
) -> Case:
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise ReceiptMalformed(f"not a receipt of the format {FORMAT}")
    try:
        order = order_from_json(document["order"])
        identity = bytes.fromhex(str(document["order_id"])[2:])
        is_list = all(isinstance(document[name], list) for name in ("lines", "transactions"))
        str(document["settler"]), NEEDED[document["outcome"]]
    except (OrderFieldError, LookupError, ValueError, TypeError) as error:
        raise ReceiptMalformed(str(error)) from error
    if not is_list or len(identity) != 32 or len(order.inputs) != 1 or not order.outputs:
        raise ReceiptMalformed("not the receipt of a transfer of one token")
    return Case(document, order, identity, readers, known)


def _finding(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except DoesNotHold as error:
        return Finding(name, False, str(error))
    except ChainUnreachable as error:
        return Finding(name, False, f"not checked: {error}")
    except (LookupError, TypeError, ValueError, AttributeError, DestinationCallError) as error:
        return Finding(name, False, f"cannot be read: {type(error).__name__} {error}")


def _identity(case: Case) -> str:
    computed = order_id(case.order, settler=str(case.document["settler"]))
    _same("order id", computed.hex(), case.order_id.hex())
    return f"0x{computed.hex()} is what its fields and contract hash to"


def _contracts(case: Case) -> str:
    """Logs prove nothing when anybody's contract made them."""
    first = case.order.outputs[0]
    wanted = {
        (case.order.origin_chain_id, "input_settler"): str(case.document["settler"]),
        (case.order.origin_chain_id, "hyperlane_oracle"): case.order.input_oracle,
        (first.chain_id, "output_settler"): bytes32_to_address(first.settler),
    }
    unknown = []
    for (chain_id, name), address in wanted.items():
        if chain_id not in case.known:
            unknown.append(f"{name} {address} on {chain_id}")
            continue
        _same(f"{name} on {chain_id}", address.lower(), case.known[chain_id].get(name, "").lower())
    return f"compare yourself: {', '.join(unknown)}" if unknown else "the ones of the network's manifests"


def _completeness(case: Case) -> str:
    outcome = case.document["outcome"]
    shown = {line["what"] for line in case.document["lines"]}
    missing = NEEDED[outcome] - shown
    if outcome == "delivered" and len(case.order.outputs) > 1:
        missing |= {"gas_on_arrival"} - shown
    if missing:
        raise DoesNotHold(f"says {outcome} without {', '.join(sorted(missing))}")
    return f"says {outcome}, and has what that takes"


def _line(case: Case, line: JsonObject) -> str:
    look = _LOOKS.get(str(line["what"]))
    if look is None:
        raise DoesNotHold("no line that can be checked")
    return look(case, line)


def _locked(case: Case, line: JsonObject) -> str:
    order, settler = case.order, str(case.document["settler"])
    token, amount = int_to_address(order.inputs[0][0]), order.inputs[0][1]
    _agrees(line, chain_id=order.origin_chain_id, token=token, actual=amount, quoted=amount, to=settler)
    _same("from", line["from"], order.user)
    receipt, log = _proven(case, line, settler)
    if not logs_of.is_open(log, order, case.order_id):
        raise DoesNotHold("the log does not open this order")
    if token != NATIVE:
        _at_least("moved into the contract", logs_of.moved_to(receipt["logs"], token, settler), amount)
    return f"{amount} of {token} went into {settler} {_where(line)}"


def _delivered(case: Case, line: JsonObject) -> str:
    output = _output(case, line)
    settler, token, to = (
        bytes32_to_address(output.settler),
        bytes32_to_address(output.token),
        final_recipient(output),
    )
    actual = int(line["actual"])
    _agrees(line, chain_id=output.chain_id, token=token, least=output.amount, to=to)
    _at_least("paid out", actual, output.amount)
    receipt, log = _proven(case, line, settler)
    moment = logs_of.fill_time(log, output, case.order_id)
    if moment is None:
        raise DoesNotHold("the log is not the payment of this output")
    if moment > case.order.fill_deadline:
        raise DoesNotHold(f"paid at {moment}, after the deadline {case.order.fill_deadline}")
    if token == NATIVE:
        _coins_arrived(case, line, to, actual)
    else:
        _tokens_arrived(case, receipt["logs"], output, actual)
    return f"{actual} of {token} reached {to} {_where(line)}"


def _tokens_arrived(case: Case, logs: list[JsonObject], output: MandateOutput, actual: int) -> None:
    token, first = bytes32_to_address(output.token), bytes32_to_address(output.recipient)
    others = logs_of.paid_besides(
        logs,
        settler=bytes32_to_address(output.settler),
        order_id=case.order_id,
        token=output.token,
        recipient=output.recipient,
    )
    if call_in(output) is None:
        _at_least("moved to the recipient", logs_of.moved_to(logs, token, first) - others, actual)
        return
    _at_least("moved to the executor", logs_of.moved_to(logs, token, first) - others, output.amount)
    surplus = logs_of.moved_to(logs, token, final_recipient(output))
    _at_least("moved besides the call", surplus, actual - output.amount)


def _coins_arrived(case: Case, line: JsonObject, to: str, actual: int) -> None:
    """Coins leave no log: what the account had before and after the block says it."""
    number, reader = int(line["proof"]["block_number"]), case.reader(int(line["chain_id"]))
    before, after = (int(reader.rpc("eth_getBalance", to, hex(at)), 16) for at in (number - 1, number))
    _at_least("what the account has more after the block", after - before, actual)


def _called(case: Case, line: JsonObject) -> str:
    output = case.order.outputs[0]
    call = call_in(output)
    if call is None:
        raise DoesNotHold("the order ends with no call")
    _same("to", line["to"], call.target)
    _same("chain", int(line["chain_id"]), output.chain_id)
    _receipt, log = _proven(case, line, bytes32_to_address(output.recipient))
    _same("outcome", line["actual"], logs_of.call_outcome(log, recipient=call.recipient, target=call.target))
    return f"{line['actual']} {_where(line)}"


def _returned(case: Case, line: JsonObject) -> str:
    order, settler = case.order, str(case.document["settler"])
    token, actual = str(line["token"]), int(line["actual"])
    _same("chain", int(line["chain_id"]), order.origin_chain_id)
    _same("to", line["to"], order.user)
    receipt, log = _proven(case, line, settler)
    came_back = logs_of.recovered(log, case.order_id, token=token)
    if came_back is None:
        if not logs_of.is_refunded(log, case.order_id):
            raise DoesNotHold("the log is not the return of this order")
        _same("token", token, int_to_address(order.inputs[0][0]))
        came_back = order.inputs[0][1]
    _same("amount", actual, came_back)
    if token == NATIVE:
        _coins_arrived(case, line, order.user, actual)
    else:
        _at_least("moved to the user", logs_of.moved_to(receipt["logs"], token, order.user), actual)
    return f"{actual} of {token} went back to {order.user} {_where(line)}"


def _held(case: Case, line: JsonObject) -> str:
    order = case.order
    token, amount = int_to_address(order.inputs[0][0]), order.inputs[0][1]
    _agrees(line, chain_id=order.origin_chain_id, token=token, actual=amount, to=order.user)
    _receipt, log = _proven(case, line, str(case.document["settler"]))
    if not logs_of.is_held(log, case.order_id, user=order.user, token=token, amount=amount):
        raise DoesNotHold("the log is not what waits of this order")
    return f"{amount} of {token} waits for {order.user} {_where(line)}"


def _transaction(case: Case, line: JsonObject) -> str:
    receipt = _mined(case, line)
    gas, price = int(receipt["gasUsed"], 16), int(receipt["effectiveGasPrice"], 16)
    _same("gas used", int(line["gas_used"]), gas)
    _same("gas price", int(line["gas_price"]), price)
    _same("reverted", bool(line["is_reverted"]), int(receipt["status"], 16) == 0)
    data_fee = int(receipt.get("l1Fee") or "0x0", 16)
    _same("fee for data", int(line.get("data_fee", 0)), data_fee)
    whole = gas * price + data_fee
    if int(line["actual"]) > whole:
        raise DoesNotHold(f"{line['actual']} wei is more than the whole transaction took ({whole})")
    return f"{line['purpose']}: {line['actual']} of {whole} wei {_where(line)}"


_LOOKS: dict[str, Callable[[Case, JsonObject], str]] = {
    "locked": _locked,
    "delivered": _delivered,
    "gas_on_arrival": _delivered,
    "call": _called,
    "returned": _returned,
    "held": _held,
}


def _output(case: Case, line: JsonObject) -> MandateOutput:
    index = int(line["output"])
    if not 0 <= index < len(case.order.outputs) or (index == 0) != (line["what"] == "delivered"):
        raise DoesNotHold(f"the order has no such output: {index}")
    return case.order.outputs[index]


def _proven(case: Case, line: JsonObject, address: str) -> tuple[JsonObject, JsonObject]:
    """The transaction's receipt and the line's log in it, by the contract that it must be from."""
    receipt = _mined(case, line)
    if int(receipt["status"], 16) != 1:
        raise DoesNotHold("the transaction failed")
    index = int(line["proof"]["log_index"])
    log = next((each for each in receipt["logs"] if int(each["logIndex"], 16) == index), None)
    if log is None:
        raise DoesNotHold(f"the transaction has no log {index}")
    _same("contract", str(log["address"]).lower(), address.lower())
    return receipt, log


def _mined(case: Case, line: JsonObject) -> JsonObject:
    """The receipt of a transaction that is in the very block the line names, which is the chain's own."""
    proof, reader = line["proof"], case.reader(int(line["chain_id"]))
    receipt = reader.rpc("eth_getTransactionReceipt", proof["tx_hash"])
    if receipt is None:
        raise DoesNotHold(f"chain {line['chain_id']} has no transaction {proof['tx_hash']}")
    _same("block", receipt["blockHash"], proof["block_hash"])
    _same("block number", int(receipt["blockNumber"], 16), int(proof["block_number"]))
    block = reader.rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
    _same("block of that number", (block or {}).get("hash"), proof["block_hash"])
    return dict(receipt)


def _agrees(line: JsonObject, **expected: object) -> None:
    for name, value in expected.items():
        if name in line:
            given = int(line[name]) if isinstance(value, int) else line[name]
            _same(name, given, value)
        elif name != "quoted":
            raise DoesNotHold(f"{name} is missing")


def _same(name: str, given: object, expected: object) -> None:
    if given != expected:
        raise DoesNotHold(f"{name}: {given} is not {expected}")


def _at_least(name: str, found: int, wanted: int) -> None:
    if found < wanted:
        raise DoesNotHold(f"{name}: {found} is less than {wanted}")


def _where(line: JsonObject) -> str:
    proof = line["proof"]
    place = f"in block {proof['block_number']} of {line['chain_id']}"
    return f"{place}, log {proof['log_index']}" if "log_index" in proof else place
