"""Units of each item that the shop will sell over the horizon, next to a naive forecast."""
