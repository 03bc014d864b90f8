"""The one door to chains, and the only importer of web3.

- What is written about a chain: `manifest` with `manifest_reader`, `manifest_checks`, `manifest_toml`, `app`, `bridge`
  and `limits`; `registry` knows which are connected, `check` compares a manifest with its chain.
- Reading: `client`, over the nodes of `endpoints` (`node`, `node_errors`, `answers`; which of them is believed:
  `ballot`, `hashes`). `events` makes facts of logs, `reverts` of refusals, `clock` tells chain time, `calls` encodes,
  `names` looks names up, `documents` is for what others publish, `web3_access` for what is slow and rare.
- Sending: `sender`, with `accounts` and `fees`; `outcomes`, `recovery`, `adopted` and `shared` say what became of it.
  `direct` sends to a chain that is not connected yet.
- Following: `follower` with `heads` and `rounds`; `turns`, `node_reports` and `pauses` look after the nodes.
"""
