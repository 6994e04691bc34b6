"""Rules that hold for every source: which codes are not products, the names of types, and checks of the data."""
