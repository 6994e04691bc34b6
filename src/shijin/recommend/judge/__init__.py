"""How good the lists are: a replay of the shop's own past, next to baselines."""
