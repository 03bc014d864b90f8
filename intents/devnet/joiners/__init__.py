"""Local chains that are there and have nothing of ours: what joins a running network."""
