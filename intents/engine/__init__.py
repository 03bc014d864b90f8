"""What becomes of orders, decided from evidence; and what has to be known, kept and booked for that.

- One order: `advance` takes its `lease`, loads the `case`, gathers `evidence`, and has `reconcile` and `undone` bring
  rows in line with it (`deposit_facts`, `waiting_refunds`, `arrivals` and `receipts` know single facts). It obeys
  `wishes` of staff and lets `actions` do the next thing of a step, whose transactions `flight` finds and sends.
  `events` and `beliefs` tell of it. `batches` settles orders together, `signatures` collects what validators said,
  `urgency` says who goes first, `depth`, `cancelled` and `releases` what holds by now.
- What wakes it: `observe` writes down what chains do (`intake`: orders of strangers, `deposits`: addresses of orders,
  `chain_world`: what the solver needs of a block); `waking` and `sweep` find what is due.
- Whether it may: `economics` and `repricing` (does it pay), `exposure`, `cold_start` and `holdings` (what is at risk),
  `strangers` and `courtesy` (for whom), `brakes` and `blocklist`, `gas`.
- What it costs: `world` and its `listing`, `prices`, `message_fees`, `data_fees`, `spending`, `sharing`, `proof_times`.
- Our stock: `reservations`, `claims` and `supply` for orders; `rebalancing`, `moves`, `bridging` and `exchanging` to
  where it belongs; `treasury` for what two people agreed on; `withheld` for what an escrow could not pay us.
- Our books: `ledger`; `audit`, `unbooked` and `outside` hold them against the chains; `alerts` for staff.
- Chains that leave: `departures`, `gone`, `stranded`. A database that is lost: `rebuild`, `under_way`.
"""
