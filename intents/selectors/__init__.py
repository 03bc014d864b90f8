"""What may be read of the system, as pages, sockets, the API and staff see it.

- A transfer: `timeline`, made of `place`, `sight`, `steps`, `progress`, `sentences`, `event_views` and, by kind,
  `deposit`, `arrival`, `together`, `relief`, `again`, `costs` and `fees`. Its `receipt`; a person's `history`;
  `access` says whose it is; `rescue` is the page that needs none of this.
- An offer: `card`, with `offers`, `ways`, `anywhere`, `by_hand` and `instead`. The form: `choices`, `balances`,
  `receiver`.
- The network: `network`, `overview`, `chain_page`, `passports`, `passport_words`, `pauses`, `connectivity`, `joins`,
  `gone`, `known`, `health`. For other programs: `lists`, `icons`, `wallet_chains`.
- For staff: `order_lists`, `order_rows`, `search`, `evidence`, `diagnosis`, `tickets`, `record`, `staff_requests`,
  `staff_names`, `masking`; on a terminal `explain` with `explain_words`.
- Everywhere: `amounts`, `csv_text`.
"""
