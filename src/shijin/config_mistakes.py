"""The sentence for each kind of mistake that pydantic finds in ``shijin.toml``."""

from __future__ import annotations

# The sentence for each kind of mistake that pydantic finds in the tables of the file, or for one kind at one key.
MISTAKES = {
    "model_type": "config.not_a_table",
    "dict_type": "config.not_a_table",
    "tuple_type": "config.not_a_list",
    "string_type": "config.not_text",
    "float_type": "config.not_a_number",
    "float_parsing": "config.not_a_number",
    "int_type": "config.not_a_whole_number",
    "int_parsing": "config.not_a_whole_number",
    "int_from_float": "config.not_a_whole_number",
    "date_type": "config.not_a_date",
    "date_parsing": "config.not_a_date",
    "date_from_datetime_parsing": "config.not_a_date",
    "date_from_datetime_inexact": "config.not_a_date",
    "literal_error": "config.not_a_choice",
    "greater_than_equal": "config.too_small",
    "less_than_equal": "config.too_large",
    "less_than": "config.not_below",
    "string_pattern_mismatch shop.currency": "config.not_a_currency",
    "string_pattern_mismatch engine.memory": "config.not_an_amount_of_memory",
    "string_type outcome.horizon": "config.horizon_not_text",
}
