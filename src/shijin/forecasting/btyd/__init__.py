"""Buy till you die: BG/NBD for orders, gamma-gamma for money, and the member that combines them."""
