// The network list as built, and what a person changed in it; kept in this browser only.
const KEPT = "waymeet.rescue";
let memory = {};

/** {list, endpoints, validators} in force: as built, with the kept changes. */
export function settings(built) {
  const kept = read();
  const list = kept.list?.chains?.length ? kept.list : built;
  const chains = list.chains.map((chain) => ({
    ...chain,
    validators: (kept.validators?.[chain.chain_id] ?? chain.validators.map(({ url }) => url)).map((url) => ({ url })),
  }));
  return { network: { chains }, endpoints: kept.endpoints ?? {} };
}

/** Keep changes: `endpoints` and `validators` are lists of addresses by chain id, `list` a whole network list. */
export function keep(changes) {
  memory = { ...read(), ...changes };
  storage((store) => store.setItem(KEPT, JSON.stringify(memory)));
}

export function forget() {
  memory = {};
  storage((store) => store.removeItem(KEPT));
}

/** Whether this is a network list that the page can read. */
export function isList(value) {
  const fields = (chain) => chain.chain_id && chain.name && chain.contracts?.input_settler && chain.rpc_urls && chain.tokens;
  return Array.isArray(value?.chains) && value.chains.every((chain) => fields(chain) && chain.validators);
}

function read() {
  const text = storage((store) => store.getItem(KEPT));
  try {
    return text ? JSON.parse(text) : memory;
  } catch {
    return memory;
  }
}

// Files and private windows may forbid storage: then changes last as long as the page.
function storage(use) {
  try {
    return use(window.localStorage);
  } catch {
    return null;
  }
}
