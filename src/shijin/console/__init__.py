"""What the terminal shows: tables and lines in the shop's language. It receives results and computes none."""
