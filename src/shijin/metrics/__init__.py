"""How good a forecast is, each measure with its formula, and paired comparisons on the same customers."""
