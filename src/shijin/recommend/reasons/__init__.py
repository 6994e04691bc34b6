"""Why an item is on a list: counted from purchases, as codes, numbers and words."""
