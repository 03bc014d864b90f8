"""One module per step kind: what its next move is, given the evidence."""
