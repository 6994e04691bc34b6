"""From candidates to lists: features of each customer-item pair, the ranker, its calibration, and its training data."""
