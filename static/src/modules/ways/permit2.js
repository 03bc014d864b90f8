// One signature through Permit2, with the whole order as its witness.
import { getAddress } from "viem/utils";
import { addressOf, OUTPUT_COMPONENTS } from "../order.js";
import { signTypedData } from "../wallet.js";

const TYPES = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  PermitBatchWitnessTransferFrom: [
    { name: "permitted", type: "TokenPermissions[]" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
    { name: "witness", type: "Permit2Witness" },
  ],
  MandateOutput: OUTPUT_COMPONENTS,
  Permit2Witness: [
    { name: "user", type: "address" },
    { name: "expires", type: "uint32" },
    { name: "inputOracle", type: "address" },
    { name: "outputs", type: "MandateOutput[]" },
  ],
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
};

/** Permit2's batch transfer with the whole order as witness. */
export function typedData(order, { settler, permit2 }) {
  return {
    types: TYPES,
    primaryType: "PermitBatchWitnessTransferFrom",
    domain: { name: "Permit2", chainId: Number(order.originChainId), verifyingContract: getAddress(permit2) },
    message: {
      permitted: order.inputs.map(([token, amount]) => ({ token: addressOf(token), amount: String(amount) })),
      spender: getAddress(settler),
      nonce: order.nonce,
      deadline: order.fillDeadline,
      witness: {
        user: getAddress(order.user),
        expires: Number(order.expires),
        inputOracle: getAddress(order.inputOracle),
        outputs: order.outputs,
      },
    },
  };
}

/** What the wallet will be asked, and the rows of the review that belong to this way alone. */
export function prepare({ order, settler, origin }) {
  const { permit2 } = origin.contracts;
  return { order, typedData: typedData(order, { settler, permit2 }), rows: [["field_permit2", permit2]] };
}

/** Have it signed, then submit. */
export async function confirm(request, { submit }) {
  await submit(await signTypedData(request.typedData, request.order.user));
}
