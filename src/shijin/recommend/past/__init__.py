"""What customers did with items before a cutoff, and what is known of the items: arrays for every recommender."""
