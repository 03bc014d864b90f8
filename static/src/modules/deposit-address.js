// Where an order's input may be sent instead of signing for it: CREATE2 of a minimal proxy (ERC-1167). Pure.
import { concat, getAddress, keccak256, slice } from "viem/utils";

const HEAD = "0x602d3d8160093d39f3363d3d373d3d3d363d73";
const TAIL = "0x5af43d82803e903d91602b57fd5bf3";

/** The deposit address of the order `id` at `settler`, whose proxies run `implementation`. */
export function depositAddress(id, { settler, implementation }) {
  const codeHash = keccak256(concat([HEAD, implementation, TAIL]));
  return getAddress(slice(keccak256(concat(["0xff", settler, id, codeHash])), 12));
}
