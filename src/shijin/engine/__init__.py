"""Where tables are sorted, joined and grouped."""
