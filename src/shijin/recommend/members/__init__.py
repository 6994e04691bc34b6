"""The first-stage models: item-to-item matrices, each fitted in seconds. None of them reads an outcome."""
