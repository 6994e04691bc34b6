"""Groups of customers: tiers by expected spend, and similar customers. It reads forecasts and vectors, not models."""
