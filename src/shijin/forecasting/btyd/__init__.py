"""Buy till you die: BG/NBD for orders, Gamma-Gamma for money, and the member that combines them."""
