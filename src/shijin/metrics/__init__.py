"""Measures of forecasts and of lists, each with its formula, and paired comparisons on the same customers."""
