// The parts of our contracts' and Hyperlane's interfaces that getting money back needs.
import { parseAbi } from "viem/utils";

export const ABI = parseAbi([
  "struct MandateOutput { bytes32 oracle; bytes32 settler; uint256 chainId; bytes32 token; uint256 amount; bytes32 recipient; bytes callbackData; bytes context; }",
  "struct StandardOrder { address user; uint256 nonce; uint256 originChainId; uint32 expires; uint32 fillDeadline; address inputOracle; uint256[2][] inputs; MandateOutput[] outputs; }",
  "event Open(bytes32 indexed orderId, StandardOrder order)",
  "event OutputFilled(bytes32 indexed orderId, bytes32 solver, uint32 timestamp, MandateOutput output, uint256 finalAmount)",
  "event Dispatch(address indexed sender, uint32 indexed destination, bytes32 indexed recipient, bytes message)",
  "function orderStatus(bytes32 orderId) view returns (uint8)",
  "function claimable(address token, address user) view returns (uint256)",
  "function depositAddress(bytes32 orderId) view returns (address)",
  "function refund(StandardOrder order)",
  "function refundUnfilled(StandardOrder order, uint256 index)",
  "function claim(address token, address user)",
  "function recover(StandardOrder order, address token)",
  "function getFillRecord(bytes32 orderId, bytes32 outputHash) view returns (bytes32)",
  "function getUnfilledOracle(bytes32 payloadHash) view returns (address)",
  "function attestUnfilled(bytes32 orderId, MandateOutput output, uint32 fillDeadline) returns (bytes32)",
  "function quote(uint32 destinationDomain, address recipientOracle, address source, bytes[] payloads) view returns (uint256)",
  "function submit(uint32 destinationDomain, address recipientOracle, address source, bytes[] payloads) payable returns (bytes32)",
  "function isProven(uint256 remoteChainId, bytes32 remoteOracle, bytes32 application, bytes32 dataHash) view returns (bool)",
  "function MAILBOX() view returns (address)",
  "function interchainSecurityModule() view returns (address)",
  "function validatorsAndThreshold(bytes message) view returns (address[], uint8)",
  "function process(bytes metadata, bytes message) payable",
  "function balanceOf(address owner) view returns (uint256)",
]);
