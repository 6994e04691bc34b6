"""How customers are forecast: formulas, buy-till-you-die, boosting, the behaviour model, their stack, and the judge."""
