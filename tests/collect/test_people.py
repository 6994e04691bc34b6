"""Who bought, by the column that identifies people; masks and words for nobody identify none."""

from pathlib import Path

import pyarrow as pa
import pytest

from collecting import read_file, values_of
from shijin.collect import Collected
from shijin.config import CollectSection, Config
from shijin.errors import SourceError

DAYS = [f"2024-{1 + n // 28:02d}-{1 + n % 28:02d}" for n in range(300)]


def customers(collected: Collected) -> list[object]:
    return [row[0] for row in values_of(collected, "customer_id")]


def codes(collected: Collected) -> dict[str, str]:
    return {one["code"]: one["severity"] for one in collected.findings.to_pylist()}


@pytest.mark.parametrize("masks", ["小**{}", "138****{:04d}", "j***{}@x.com", "×××{}", "＊＊＊{}", "XXXX{:04d}"])
def test_masked_values_give_way_to_the_next_column(masks: str, tmp_path: Path) -> None:
    rows = "".join(f"{masks.format(n % 3)},k{n % 9},{DAYS[n]},{n + 5}\n" for n in range(30))
    collected = read_file(tmp_path, "买家会员名,下单帐号,下单时间,实付金额\n" + rows)
    assert set(customers(collected)) == {f"k{n}" for n in range(9)}
    assert "masked_people" in codes(collected)


@pytest.mark.parametrize("header", ["手机号", "买家昵称", "收货人姓名"])
def test_a_file_in_which_everybody_is_masked_is_refused_with_the_column(header: str, tmp_path: Path) -> None:
    rows = "".join(f"张**{n % 10},{DAYS[n]},{n + 5}\n" for n in range(30))
    with pytest.raises(SourceError, match=f"masked.*|{header}"):
        read_file(tmp_path, f"{header},下单时间,实付金额\n" + rows)


def test_rows_that_are_masked_among_others_are_set_aside(tmp_path: Path) -> None:
    rows = "".join(f"{'t**7' if n % 10 == 0 else f'anna{n % 4}'},{DAYS[n]},{n + 5}\n" for n in range(40))
    collected = read_file(tmp_path, "买家昵称,下单时间,实付金额\n" + rows)
    assert collected.rejected["reason"].to_pylist() == ["masked_customer"] * 4
    assert codes(collected)["masked_people"] == "warns"


def test_a_single_asterisk_in_an_id_is_no_mask(tmp_path: Path) -> None:
    rows = "".join(f"C*{n % 7}00,{DAYS[n]},{n + 5}\n" for n in range(21))
    assert len(set(customers(read_file(tmp_path, "customer_id,date,total\n" + rows)))) == 7


@pytest.mark.parametrize(("names", "code"), [
    (("Ada Birch", "Ben Cedar", "Cleo Fir"), "names_as_customers"),
    (("A. ASH", "B. ELM", "C. OAK"), "short_names_as_customers"),
    (("王小明", "李大力", "赵一曼"), "names_as_customers"),
])  # fmt: skip
@pytest.mark.parametrize("header", ["Customer", "Customer Name", "收货人姓名", "Bill-to Name"])
def test_names_are_customers_only_where_nothing_else_is_and_that_is_said(
    header: str, names: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    rows = "".join(f"{n},{names[n % 3]},{DAYS[n]},{n + 5}\n" for n in range(24))
    collected = read_file(tmp_path, f"Order ID,{header},Order Date,Total\n" + rows)
    assert set(customers(collected)) == set(names)
    assert code in codes(collected)
    with_email = "".join(f"{n},{names[n % 3]},{DAYS[n]},{n + 5},p{n % 5}@x.org\n" for n in range(24))
    collected = read_file(tmp_path, f"Order ID,{header},Order Date,Total,E-mail\n" + with_email)
    assert len(set(customers(collected))) == 5
    assert code not in codes(collected)
    assert collected.contacts["last_name"].null_count == 0


@pytest.mark.parametrize("guest", ["0", "", "Guest", "游客", "-1"])
def test_a_guest_with_an_accounts_email_is_that_account(guest: str, tmp_path: Path) -> None:
    rows = "".join(f"{n},{guest if n < 12 else 500 + n % 6},n{n % 6}@x.org,{DAYS[n]},{n + 5}\n" for n in range(24))
    collected = read_file(tmp_path, "order_id,customer_id,email,date,total\n" + rows)
    assert set(customers(collected)) == {str(500 + n) for n in range(6)}
    assert codes(collected)["keys_joined"] == "notes"
    apart = Config(collect=CollectSection(join_keys=False))
    assert (
        len(set(customers(read_file(tmp_path, "order_id,customer_id,email,date,total\n" + rows, config=apart)))) == 12
    )


def test_joining_changes_no_id_of_an_event(tmp_path: Path) -> None:
    rows = "".join(f"{0 if n < 12 else 500 + n % 6},n{n % 6}@x.org,{DAYS[n]},{n + 5}\n" for n in range(24))
    text, apart = "customer_id,email,date,total\n" + rows, Config(collect=CollectSection(join_keys=False))
    one, two = (read_file(tmp_path, text, config=config).events["event_id"].to_pylist() for config in (Config(), apart))
    assert one == two


@pytest.mark.parametrize("other", ["customer_unique_id", "buyer_uid", "member_no", "email"])
def test_ids_that_are_new_with_every_order_give_way_to_those_that_come_back(other: str, tmp_path: Path) -> None:
    person = "u{}@x.org" if other == "email" else "u{}"
    rows = "".join(f"h{n},k{n},{person.format(n % 8)},{DAYS[n]},{n + 5}\n" for n in range(36))
    collected = read_file(tmp_path, f"order_id,customer_id,{other},order_date,total\n" + rows)
    assert len(set(customers(collected))) == 8
    [found] = [one for one in collected.findings.to_pylist() if one["code"] == "id_new_each_order"]
    assert other in found["arguments"]
    assert "customer_id" in found["arguments"]


@pytest.mark.parametrize("other", ["store_id", "city", "cashier", "product_id", "payment_method"])
def test_a_store_is_no_person_where_everybody_bought_once(other: str, tmp_path: Path) -> None:
    rows = "".join(f"h{n},k{n},s{n % 4},{DAYS[n]},{n + 5}\n" for n in range(32))
    assert len(set(customers(read_file(tmp_path, f"order_id,customer_id,{other},order_date,total\n" + rows)))) == 32


@pytest.mark.parametrize("word", ["Walk-in", "散客", "n/a", "Anonymous", "cash sale"])
def test_words_for_nobody_are_no_customer(word: str, tmp_path: Path) -> None:
    rows = "".join(f"{word if n % 3 == 0 else f'k{n % 5}'},{DAYS[n]},{n + 5}\n" for n in range(30))
    collected = read_file(tmp_path, "customer_id,date,total\n" + rows)
    assert collected.rejected["reason"].to_pylist() == ["no_customer"] * 10


@pytest.mark.parametrize("role", ["customer_id", "order_id"])
def test_ids_in_scientific_notation_are_said(role: str, tmp_path: Path) -> None:
    ids = {"customer_id": "c{}", "order_id": "{}"} | {role: "1.7003186400{}E+18"}
    rows = "".join(
        f"{ids['order_id'].format(n)},{ids['customer_id'].format(n % 4)},{DAYS[n]},{n + 5}\n" for n in range(24)
    )
    assert codes(read_file(tmp_path, "order_id,customer_id,date,total\n" + rows))["ids_scientific"] == "spoils"


def test_ids_that_floats_cannot_hold_are_said() -> None:
    from datetime import UTC, datetime

    from shijin.collect import CollectOptions, Context, from_table

    ids = pa.array([8012345678901234567.0 + 2048 * (n % 6) for n in range(30)])
    table = pa.table({"customer_id": ids, "date": DAYS[:30], "total": [9.0] * 30})
    collected = from_table(table, Context(Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC)))
    assert codes(collected)["ids_rounded"] == "spoils"
