// Hyperlane messages: identity, what validators sign, and the metadata that proves it. Pure.
// Formats are those of Mailbox version 3 and of a message-id multisig module.
import { concat, hexToBigInt, hexToNumber, keccak256, numberToHex, pad, recoverMessageAddress, size, slice, stringToHex } from "viem/utils";

const HEADER_BYTES = 77;
const HALF_CURVE_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The 32-byte id of an encoded message. */
export function messageId(message) {
  return keccak256(message);
}

/** {source, payloads} of an oracle's message; null for anything else. */
export function payloadsOf(message) {
  if (size(message) < HEADER_BYTES + 34) return null;
  const body = slice(message, HEADER_BYTES);
  const count = hexToNumber(slice(body, 32, 34));
  const payloads = [];
  let place = 34;
  for (let index = 0; index < count; index += 1) {
    if (place + 2 > size(body)) return null;
    const length = hexToNumber(slice(body, place, place + 2));
    if (length === 0 || place + 2 + length > size(body)) return null;
    payloads.push(slice(body, place + 2, place + 2 + length));
    place += 2 + length;
  }
  return place === size(body) ? { source: slice(body, 0, 32), payloads } : null;
}

/** The 32 bytes a validator signs, without the personal-message prefix. */
export function checkpointDigest({ domain, hook, root, index, id }) {
  const domainHash = keccak256(concat([numberToHex(domain, { size: 4 }), pad(hook), stringToHex("HYPERLANE")]));
  return keccak256(concat([domainHash, root, numberToHex(index, { size: 4 }), id]));
}

/** Who signed a checkpoint; null for anything but a clean 65-byte signature. */
export async function checkpointSigner(checkpoint, signature) {
  try {
    if (size(signature) !== 65 || ![27, 28].includes(hexToNumber(slice(signature, 64)))) return null;
    if (hexToBigInt(slice(signature, 32, 64)) > HALF_CURVE_ORDER) return null;
    return await recoverMessageAddress({ message: { raw: checkpointDigest(checkpoint) }, signature });
  } catch {
    return null;
  }
}

/** What `process` takes: signatures stand in the security module's order. */
export function metadata(checkpoint, signatures) {
  return concat([pad(checkpoint.hook), checkpoint.root, numberToHex(checkpoint.index, { size: 4 }), ...signatures]);
}

/** The first `threshold` signatures in the module's order of validators; null when there are too few. */
export function pickSignatures(signatures, { validators, threshold }) {
  const known = new Map(Object.entries(signatures).map(([signer, signature]) => [signer.toLowerCase(), signature]));
  const ordered = validators.map((each) => known.get(each.toLowerCase())).filter(Boolean);
  return threshold > 0 && ordered.length >= threshold ? ordered.slice(0, threshold) : null;
}
