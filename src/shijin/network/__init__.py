"""The behaviour model: one network, pre-trained on simulated shops, that reads a shop's closed windows in context.

`inputs` turns a History into arrays; `architecture` (torch) is the network in full and `runtime` the same in NumPy,
which is all that a forecast needs; `tasks`, `objective` and `pretrain` make weights, `ship` puts them here.
"""
