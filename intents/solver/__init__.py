"""Finding the best way, as a pure function of a snapshot: nothing here asks, waits or writes.

- What is known: `world`, with the pools as `markets` (`concentrated` and `ticks` for Uniswap V3).
- Routes: `router` tries the `candidates` and answers `routes`, `preferences` chooses among them, `crowded` is a world
  in which another transfer came first, `plan` makes steps of a route.
- What it costs: `pricing`, of what `gas` the transactions take, with `company` (settled together) and `data_fees`
  (rollups' data), and what amounts are worth (`prices`).
- Besides: `by_hand` (what it would take without us), `connectivity`, `rebalance`, `cold_start`.
"""
