"""A row that is set aside has a reason, a sentence in the quarantine, and a cure where it is bad."""

import pyarrow as pa
import pytest

from shijin.collect.reasons import Fault, cure_of, details_of, phrase_of, texts_of
from shijin.schema import BAD_REASONS
from shijin.words import LANGUAGES, Language
from shijin.words.reader import PYTHON

ROW = {"column": "paid", "value": "abc", "allowed": "1, 2"}


SENTENCES = (*BAD_REASONS, "bad_amount_too_large", "bad_quantity_too_large", "bad_line_of_order", "no_order_number")


@pytest.mark.parametrize("reason", [*SENTENCES, "no_item_or_campaign"])
def test_every_bad_row_has_a_sentence_and_a_cure_in_both_languages(reason: str) -> None:
    for language in LANGUAGES:
        assert phrase_of({"code": reason, **ROW}).text(language, PYTHON)
        assert cure_of({"code": reason}).text(language, PYTHON)


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", 'paid "abc" is not a number'), ("zh", "paid “abc” 不是数字")]
)
def test_a_refusal_has_the_detail_in_the_language_of_its_reader(language: Language, sentence: str) -> None:
    assert phrase_of({"code": "bad_amount", **ROW}).text(language, PYTHON) == sentence


def test_rows_of_several_reasons_have_each_their_own_column() -> None:
    sentence = pa.array(["bad_time", None, "bad_amount", "unpaid"])
    faults = {
        "bad_time": Fault("when", pa.array(["soon", "x", "x", "x"])),
        "bad_amount": Fault("paid", pa.array(["x", "x", "abc", "x"])),
    }
    assert texts_of(details_of(sentence, faults)).to_pylist() == [
        'when "soon" is not a date',
        None,
        'paid "abc" is not a number',
        "unpaid",
    ]
