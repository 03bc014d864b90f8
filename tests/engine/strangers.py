"""What others do on the chains, from unlocked accounts of the local nodes."""

from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import OUTSIDER, OWNER, address
from intents.devnet.network import Network
from intents.settlement.order import OUTPUT_ABI, StandardOrder, address_to_bytes32, output_to_abi

FILL = f"fill(bytes32,{OUTPUT_ABI},uint48,bytes)"


def send(network: Network, slug: str, call: Call, *, sender: str = "") -> str:
    """Send from an unlocked account and have it mined; the hash."""
    return str(
        network.rpc(slug).request(
            "eth_sendTransaction",
            {
                "from": sender or address(OUTSIDER),
                "to": call.target,
                "data": "0x" + call.data.hex(),
                "value": hex(call.value_wei),
                "gas": hex(2_000_000),
                "gasPrice": hex(10**10),
            },
        )
    )


def fill_as_outsider(
    network: Network, slug: str, order: StandardOrder, order_id: str, *, filler: bytes | None = None
) -> str:
    """Fill the order's output with somebody else's money, for somebody else's id or for `filler`."""
    output = order.outputs[0]
    token = "0x" + output.token[12:].hex()
    settler = "0x" + output.settler[12:].hex()
    symbol = network.manifest(slug).token(token).symbol
    network.fund(slug, [address(OUTSIDER)], {symbol: output.amount})
    approve = encode_call("approve(address,uint256)", [settler, output.amount])
    send(network, slug, Call(token, approve))
    named = filler or address_to_bytes32(address(OUTSIDER))
    arguments = [bytes.fromhex(order_id[2:]), output_to_abi(output), order.fill_deadline, named]
    return send(network, slug, Call(settler, encode_call(FILL, arguments)))


def leave_in_stock(network: Network, slug: str, symbol: str, amount: int) -> None:
    """Have the owner withdraw all but `amount` base units from the solver's account."""
    account = network.manifest(slug).address("solver_account")
    token = network.token(slug, symbol)
    surplus = network.balance(slug, symbol, account) - amount
    data = encode_call("withdraw(address,address,uint256)", [token, address(OWNER), surplus])
    send(network, slug, Call(account, data), sender=address(OWNER))


def reorg(network: Network, slug: str, from_block: int) -> None:
    """Take back every block from `from_block` on and put empty ones in their place."""
    head = int(network.rpc(slug).request("eth_blockNumber"), 16)
    network.rpc(slug).request("anvil_reorg", head - from_block + 1, [])
    network.mine(slug, 1)
