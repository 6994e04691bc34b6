"""What is the same for every source: which codes are no products, what a type is called, what is wrong."""
