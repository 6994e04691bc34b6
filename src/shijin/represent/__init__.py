"""A shop as arrays, the split into past and future at a cutoff, and the features and tokens of customers as of it."""
