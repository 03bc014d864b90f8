// What a transfer does where it arrives, rebuilt from what the page shows. Pure.
import { concat, encodeAbiParameters, getAddress, pad, toFunctionSelector } from "viem/utils";

const CALL = [{ type: "address" }, { type: "address" }, { type: "uint256" }, { type: "bytes" }, { type: "uint256" }];

/** The calldata by which a listed app takes `amount` base units for `recipient`. */
function appCall(app, { amount, recipient }) {
  const types = app.call.slice(app.call.indexOf("(") + 1, -1).split(",");
  const known = { amount: BigInt(amount), recipient: getAddress(recipient) };
  return concat([
    toFunctionSelector(`function ${app.call}`),
    encodeAbiParameters(types.map((type) => ({ type })), app.arguments.map((name) => known[name])),
  ]);
}

/**
 * The parts of an order's outputs that say to whom they go: [{token, amount, recipient, callbackData}].
 *
 * With `shown.app` the first goes to the executor, which makes the app's call; `shown.gasOnArrival` wei, when
 * not "0", are a second one.
 */
export function expectedOutputs(shown, destination) {
  const { app, recipient, outputToken: token, outputMinimum: amount } = shown;
  const first = { token: pad(token), amount, recipient: pad(recipient), callbackData: "0x" };
  if (app) {
    const data = appCall(app, { amount, recipient });
    first.recipient = pad(destination.contracts.call_executor);
    first.callbackData = encodeAbiParameters(CALL, [recipient, app.target, 0n, data, BigInt(app.gas)]);
  }
  if (BigInt(shown.gasOnArrival ?? 0) === 0n) return [first];
  const gas = { token: pad("0x"), amount: shown.gasOnArrival, recipient: pad(recipient), callbackData: "0x" };
  return [first, gas];
}
