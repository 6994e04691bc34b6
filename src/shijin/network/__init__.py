"""The behaviour model: one network, pre-trained on simulated shops, that reads a shop's closed windows as context.

`inputs` and `context` turn a History into arrays; `architecture` is the network in torch and `runtime` the same in
NumPy, which is all that a forecast needs; `tasks`, `objective` and `pretrain` train weights, `ship` puts them here.
"""
