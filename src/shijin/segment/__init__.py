"""Groups of customers a shop can act on: tiers by expected value. Knows forecasts, not how they were made."""
