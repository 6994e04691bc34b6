"""Texts of files show on a terminal and cannot act on it; a page with them is drawn."""

import csv
import json
from pathlib import Path

import altair
import pyarrow as pa
import pytest
from rich.table import Table

from collecting import read_file
from shijin.collect.values import as_text
from shijin.console.terminal import out, print_json, printable
from shijin.report.svg import draw

ACTING = ["\x1b[31m", "\x9b31m", "\x07", "\x08", "\x7f", "\u202e", "\x1b]0;title\x07", "\x00"]


@pytest.mark.parametrize("text", ACTING)
def test_no_character_of_a_table_or_a_line_acts_on_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name")
    table.add_row(f"Tea {text}2")
    out.print(table)
    out.print(f"Tea {text}2", markup=False)
    shown = capsys.readouterr().out
    assert "Tea" in shown
    assert not set("\x1b\x9b\x07\x08\x7f\u202e\x00") & set(shown)
    assert printable(f"a{text}b\n\t") == printable(printable(f"a{text}b\n\t"))


@pytest.mark.parametrize("text", ACTING)
def test_json_holds_every_character_as_an_escape(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": f"Tea {text}2"})
    shown = capsys.readouterr().out
    assert json.loads(shown)["name"] == f"Tea {text}2"
    assert not set("\x1b\x9b\x07\x08\x7f\u202e\x00") & set(shown)


def test_texts_are_read_without_them_and_breaks_of_lines_become_spaces() -> None:
    texts = ["Red\x0btea", "Red\u2028tea", "Tea\x1b 2", "\x02id\x03", "a\tb", "two\nlines", "\x1b"]
    assert as_text(pa.array(texts)).to_pylist() == ["Red tea", "Red tea", "Tea 2", "id", "a\tb", "two\nlines", None]


@pytest.mark.parametrize("text", ["\x1b", "\x00", "\x9b", "\uffff", "\ufffe", "\x7f"])
def test_a_chart_with_them_is_drawn(text: str) -> None:
    values = [{"name": f"Tea {text}2", "n": 1}, {"name": "\\u001b", "n": 2}]
    chart = altair.Chart(altair.Data(values=values)).mark_bar().encode(x="n:Q", y="name:N")
    drawn = str(draw(chart, "a label"))
    assert "Tea 2" in drawn
    assert "u001b" in drawn


@pytest.mark.parametrize("text", ["\x1b[31m", "\x9b", "\x07", "\u202e"])
def test_a_file_full_of_them_is_collected(text: str, tmp_path: Path) -> None:
    path = tmp_path / "written.csv"
    with path.open("w", newline="") as file:
        rows = [(n, f"c{n % 3}", "2024-01-02", f"A{n % 4}", f"Tea {text}{n % 4}", 9) for n in range(40)]
        header = ("order_id", "customer_id", f"date{text}", "item_id", "item_name", "amount")
        csv.writer(file).writerows([header, *rows])
    collected = read_file(tmp_path, path.read_bytes(), name=f"orders{ord(text[0])}.csv")
    assert collected.events.num_rows == 40
    assert not [letter for name in collected.items["name"].to_pylist() for letter in name if ord(letter) < 32]


def test_brackets_of_a_file_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("[/b] x", "[gift] wrap", "set [collect] join_keys", ":smile:"):
        out.print(text)
        assert text in capsys.readouterr().out
