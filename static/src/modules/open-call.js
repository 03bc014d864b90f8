// What the user's own wallet sends to open an order: the escrow's `open`, and a token's exact approval.
import { encodeFunctionData, parseAbi } from "viem/utils";
import { orderValues } from "./order.js";

const ABI = parseAbi([
  "struct MandateOutput { bytes32 oracle; bytes32 settler; uint256 chainId; bytes32 token; uint256 amount; bytes32 recipient; bytes callbackData; bytes context; }",
  "struct StandardOrder { address user; uint256 nonce; uint256 originChainId; uint32 expires; uint32 fillDeadline; address inputOracle; uint256[2][] inputs; MandateOutput[] outputs; }",
  "function open(StandardOrder order) payable",
  "function approve(address spender, uint256 amount) returns (bool)",
]);

/** Calldata of `open` for an order that the page has checked. */
export function openCall(order) {
  return encodeFunctionData({ abi: ABI, functionName: "open", args: [orderValues(order)] });
}

/** Calldata of an approval of exactly `amount`. */
export function approveCall(spender, amount) {
  return encodeFunctionData({ abi: ABI, functionName: "approve", args: [spender, BigInt(amount)] });
}
