"""Everything that is known about one transfer, for the staff who answer for it: rows, chains' logs, and how it
stood at any second. Nothing here asks a node, but `chains_now`, which says so."""
