"""feedback: what it prints, in both languages and as JSON, and what it refuses in one line."""

import json
from pathlib import Path

import pytest

from conftest import Command

ORDERS = "customer_id,ts,sku,amount\n" + "".join(
    f"c{n % 9},2024-{n % 12 + 1:02d}-{n % 28 + 1:02d},s{n % 5},{n + 1}\n" for n in range(100)
)
SAID = "user,product,kind,value,when\nc1,s1,rating,5,2024-12-01\nc2,s2,Not interested,,2024-12-02\n"


@pytest.fixture
def shop(command: Command, tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS)
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", tmp_path / "orders.csv", "-w", tmp_path / "shop").code == 0
    return tmp_path / "shop"


def said(shop: Path, content: str) -> Path:
    path = shop.parent / "said.csv"
    path.write_text(content, "utf-8")
    return path


def test_it_shows_how_it_read_what_became_of_the_rows_and_what_uses_them(command: Command, shop: Path) -> None:
    shown = command("feedback", said(shop, SAID), "-w", shop)
    assert shown.code == 0
    assert "item_id=product, type=kind" in " ".join(shown.err.split())
    out = " ".join(shown.out.split())
    assert "New or changed: not interested: 1; rating: 1." in out
    assert f"The next shijin recommend -w {shop} uses the feedback on items. Lists that are written" in out
    assert "shijin score" not in out
    again = command("feedback", said(shop, SAID), "-w", shop)
    assert "Nothing is new: all of it was collected before." in again.out


def test_corrections_name_the_verbs_that_read_them(command: Command, shop: Path) -> None:
    shown = command("feedback", said(shop, "customer,tier\nc1,high\n"), "-w", shop)
    assert "kind: correction; time: now" in " ".join(shown.err.split())
    out = " ".join(shown.out.split())
    assert f"The next forecast uses the corrections (shijin score -w {shop})" in out
    assert "shijin recommend" not in out


def test_it_speaks_the_shops_language(command: Command, shop: Path) -> None:
    (shop / "shijin.toml").write_text('[shop]\nlocale = "zh"\n', "utf-8")
    shown = command("feedback", said(shop, "用户ID,反馈类型,正确层级\nc1,分级错误,高价值\n"), "-w", shop)
    assert "新增或更新：分级更正 1 行。" in shown.out
    assert "反馈类型" in shown.err


def test_json_holds_the_receipt_and_nothing_else(command: Command, shop: Path) -> None:
    shown = command("feedback", said(shop, SAID), "-w", shop, "--json")
    receipt = json.loads(shown.out)
    assert shown.err == ""
    assert receipt["rows"] == {"in": 2, "accepted": 2, "updated": 0, "duplicates": 0, "quarantined": 0}
    assert receipt["kinds"] == {"rating": 1, "dismiss": 1}
    assert receipt["guess"]["columns"]["customer_id"] == "user"


def test_rows_set_aside_are_said_here_and_by_check(command: Command, shop: Path) -> None:
    good = "".join(f"c1,s{n % 5},click,,2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}\n" for n in range(60))
    shown = command("feedback", said(shop, SAID + good + "nobody,s1,click,,2024-12-01\n"), "-w", shop)
    for out in (shown.out, command("check", "-w", shop).out):
        text = " ".join(out.replace("│", " ").split())  # a table wraps its cells
        assert "Rows of feedback about customers" in text
        assert "collect the newest orders first." in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "customer,sku,type\nnobody,s1,click\n",
            ('customer "nobody" is not a customer of the shop', "collect the newest"),
        ),
        ("customer,sku,type\nc1,gin,click\n", ('sku "gin" is not an item of the shop', "--map item_id=COLUMN")),
        ("customer,sku,type\nc1,s1,love\n", ('"love" is none of rating, dismiss', "--map type=COLUMN")),
        ("customer,tier\nc1,super\n", ('tier "super" is none of the tiers high, normal, low', "[tiers]")),
        ("customer,sku\nc1,s1\n", ("no column shows which kind of feedback this is", "rating, dismiss, click")),
        ("sku,type\ns1,click\n", ("no customer column", "--map customer_id=COLUMN")),
        ("", ("the file is empty",)),
        ("customer,sku,type\n", ("only a header",)),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_line_and_nothing_changed(
    command: Command, shop: Path, content: str, words: tuple[str, ...]
) -> None:
    path = said(shop, content)
    before = {str(file): file.read_bytes() for file in shop.rglob("*") if file.is_file()}
    shown = command("feedback", path, "-w", shop)
    assert (shown.code, shown.out, len(shown.err.splitlines())) == (2, "", 1)
    for word in ("said.csv", "Cure: ", *words):
        assert word in shown.err
    assert {str(file): file.read_bytes() for file in shop.rglob("*") if file.is_file()} == before
