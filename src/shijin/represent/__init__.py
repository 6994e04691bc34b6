"""A shop as arrays, the door between past and future, and features as of a cutoff."""
