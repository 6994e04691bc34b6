"""Every sentence exists in both languages, with the same placeholders, and in the script of its language."""

import re
import string

import pytest

from shijin.forecasting.members import TABLE_ONLY, stacked
from shijin.forecasting.stack import NAME as STACK
from shijin.words import LANGUAGES, catalogue, say, say_note


def placeholders(sentence: str) -> list[str]:
    named = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    return sorted(re.sub("=(COLUMN|列名)$", "=", name) for name in named)  # a column's name is in the language


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_code_has_both_languages_with_the_same_placeholders(code: str) -> None:
    sentences = catalogue()[code]
    assert set(sentences) == set(LANGUAGES)
    assert all(text.strip() for text in sentences.values())
    assert placeholders(sentences["en"]) == placeholders(sentences["zh"])


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_each_language_is_written_in_its_own_script(code: str) -> None:
    sentences = catalogue()[code]
    assert not re.search(r"[一-鿿]", sentences["en"])
    without_names = re.sub(r"\{[^}]*\}", "", sentences["zh"])
    assert (
        re.search(r"[一-鿿]", without_names)
        or not re.search(r"[a-z]{4}", without_names)
        or code.startswith("report.short")
    )


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_what_is_counted_in_english_has_a_noun_for_one(code: str) -> None:
    assert not re.search(r"\{\w+\} (days|customers|horizons|rows)\b", catalogue()[code]["en"].replace("{needs}", ""))


@pytest.mark.parametrize(
    ("days", "said"), [(1, "1 day"), ("1", "1 day"), (0, "0 days"), (2, "2 days"), ("1,000", "1,000 days")]
)
def test_one_is_said_in_the_singular(days: object, said: str) -> None:
    assert say("report.expected_spend", "en", days=days) == f"Predicted spend, {said}"


@pytest.mark.parametrize("member", [*stacked(adapt=True), *TABLE_ONLY, STACK])
def test_every_member_of_the_package_has_words_in_both_languages(member: str) -> None:
    words = catalogue()[f"report.member_{member}"]
    assert re.match(r"[A-Z]", words["en"])
    assert words["zh"] != member or re.match(r"[A-Z]+\b", member)
    assert re.search(r"[一-鿿]", say_note({"code": "forecast.member_left_out", "member": member, "why": "1"}, "zh")[4:])


def test_a_note_writes_whole_numbers_with_a_thousands_mark_and_keeps_a_member_of_ones_own() -> None:
    mine = {"code": "forecast.member_left_out", "member": "mine", "why": "too few (1 of 2)"}
    assert say_note(mine, "en") == "mine is left out: too few (1 of 2)."
    assert say_note({"code": "findings.short_history", "days": 1234}, "en").startswith(
        "The data covers a short time (days: 1,234)"
    )


def test_a_missing_code_is_a_mistake_of_ours_and_fails_loudly() -> None:
    with pytest.raises(KeyError):
        say("report.no_such_sentence", "en")
