// What looks like the secret of a wallet, so that it is not even sent. The server looks more closely.
const PHRASE_WORDS = 12;
const KEY = /[0-9a-f](?:[\s:_.-]{0,3}[0-9a-f]){63}/;
const EXTENDED_KEY = /[xyzt]prv[1-9A-HJ-NP-Za-km-z]{40,}/;
// Words of everyday English that are in no seed phrase: a run without any of them is hardly a sentence.
const EVERYDAY = new Set(
  ("the and for not are was but has had its his her him she our out too yes did does been being were your from than " +
    "them these those which while would could should here most said says sent send gone get got went let thanks dear " +
    "why who how money wallet hours minutes days").split(" "),
);

/** Whether a text seems to hold a seed phrase or a private key; `known` are hashes that are neither. */
export function looksSecret(text, known = []) {
  const plain = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const without = plain.toLowerCase().replace(/0x[0-9a-f]{64}(?![0-9a-f])/g, (hash) => (known.includes(hash) ? "|" : hash));
  return KEY.test(without) || EXTENDED_KEY.test(plain) || hasPhrase(plain.toLowerCase());
}

// The server knows the words themselves; here any run of short words without an everyday one is enough.
function hasPhrase(text) {
  let run = 0;
  for (const [word] of text.matchAll(/[\p{L}\p{M}']+|[.!?;:](?=\s)/gu)) {
    run = /^[a-z]{3,8}$/.test(word) && !EVERYDAY.has(word) ? run + 1 : /^[.:]$/.test(word) ? run : 0;
    if (run >= PHRASE_WORDS) return true;
  }
  return false;
}
