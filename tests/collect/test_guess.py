"""Encodings, delimiters, columns, dates and decimal signs are guessed, or chosen by the user."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collecting import PLAIN, read_file, utc, values_of
from shijin.collect.guess import date_order_of, decimal_is_open, decimal_of, decode
from shijin.errors import ConfigError, SourceError


def test_utf8_with_a_byte_order_mark_semicolons_and_decimal_commas_goes_in(tmp_path: Path) -> None:
    file = "\ufeffKunde;customer;order date;amount\n1;0815;05.03.2024;1.234,50\n2;0816;25.03.2024;7,5\n"
    assert values_of(read_file(tmp_path, file), "customer_id", "ts", "amount") == [
        ("0815", utc(2024, 3, 5), 1234.5),
        ("0816", utc(2024, 3, 25), 7.5),
    ]


def test_days_come_first_where_a_date_can_mean_nothing_else(tmp_path: Path) -> None:
    file = PLAIN + "a,05/03/2024,1\na,25/03/2024,1\n"
    collected = read_file(tmp_path, file)
    assert values_of(collected, "ts") == [(utc(2024, 3, 5),), (utc(2024, 3, 25),)]
    assert collected.findings.num_rows == 0


def test_an_unknown_or_wrong_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no encoding 'klingon'"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,3\n", encoding="klingon")
    with pytest.raises(SourceError, match="byte 22 is not ascii text"):
        read_file(tmp_path, PLAIN + "é,2024-01-01,3\n", encoding="ascii")


def test_a_map_to_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'who' for customer_id; the columns are customer_id, ts, amount"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,3\n", map={"customer_id": "who"})
    with pytest.raises(ConfigError, match="did you mean 'amount'"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,3\n", map={"amout": "amount"})


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["1.280.000", "89.990"], ","),
        (["1,280,000", "89,990"], "."),
        (["12,34,567", "1,234"], "."),
        (["1.234,50", "1.234"], ","),
        (["1,234.50", "1,234"], "."),
        (["7.250", "7.2505"], "."),
        (["34.0000", "1.5000"], "."),  # four decimals, as Magento writes them
        (["0.500", "1.250"], "."),
        ([".500", "1.250"], "."),
        (["0,500", "1,250"], ","),
        (["1500.125", "1.250"], "."),
        (["89.990", "500"], ","),  # nobody writes 89.990 with a zero at its end, and 500 without
        (["89,990", "500"], "."),
        (["1 234,56", "12 000"], ","),
        (["1'234.50", "990"], "."),
        (["€ 1.234,50", "€ 12"], ","),
        (["12", "1500"], "."),
        ([], "."),
    ],
)
def test_the_decimal_sign_is_decided_by_all_numbers_together(texts: list[str], sign: str) -> None:
    column = pa.array(texts, pa.string())
    assert decimal_of(column) == sign
    assert not decimal_is_open(column)
    assert decimal_of(column[::-1]) == sign
    with_others = pa.array([*texts, "145.000", "12.500"] if sign == "," else [*texts, "145,000"])
    if texts:
        assert decimal_of(with_others) == sign


@pytest.mark.parametrize("texts", [["89.990", "145.000"], ["7.125", "12"], ["1,250", "2,500"], ["1.250", "2,500"]])
def test_numbers_with_three_digits_after_one_sign_leave_it_open(texts: list[str]) -> None:
    assert decimal_is_open(pa.array(texts))


def test_the_decimals_of_the_currency_decide_what_numbers_leave_open() -> None:
    dotted, with_comma = pa.array(["1.250", "12.500"]), pa.array(["1,250", "12,500"])
    for code in ("KWD", "BHD", "TND", "OMR", "JOD"):
        assert (decimal_of(dotted, code), decimal_of(with_comma, code)) == (".", ",")
        assert not decimal_is_open(dotted, code)
    for code in ("CLP", "VND", "IDR", "KRW", "JPY"):
        assert (decimal_of(dotted, code), decimal_of(with_comma, code)) == (",", ".")
        assert not decimal_is_open(dotted, code)
    assert decimal_is_open(dotted, "EUR")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.sampled_from([".", ","]))
def test_a_column_of_cents_is_never_read_with_the_other_sign(cents: list[int], sign: str) -> None:
    other = "," if sign == "." else "."
    written = [f"{n / 100:,.2f}".translate(str.maketrans(",.", other + sign)) for n in cents]
    assert decimal_of(pa.array(written)) == sign


def test_an_open_sign_is_a_finding_with_both_sums(tmp_path: Path) -> None:
    collected = read_file(tmp_path, PLAIN + "a,2024-01-01,89.990\nb,2024-01-02,145.250\n")
    (note,) = [row for row in collected.findings.to_pylist() if row["code"] == "decimal_open"]
    assert "235.24" in str(note)
    assert "235,240.00" in str(note)
    chosen = read_file(tmp_path, PLAIN + "a,2024-01-01,89.990\nb,2024-01-02,145.250\n", decimal=",")
    assert values_of(chosen, "amount") == [(89_990.0,), (145_250.0,)]
    assert "decimal_open" not in chosen.findings["code"].to_pylist()


def test_the_decimals_of_a_column_of_codes_decide_in_a_file(tmp_path: Path) -> None:
    header = "customer,date,total,currency\n"
    pesos = read_file(tmp_path, header + "a,2024-01-01,89.990,CLP\nb,2024-01-02,145.250,CLP\n")
    assert values_of(pesos, "amount") == [(89_990.0,), (145_250.0,)]
    dinars = read_file(tmp_path, header + "a,2024-01-01,1.250,KWD\nb,2024-01-02,12.500,KWD\n")
    assert values_of(dinars, "amount") == [(1.25,), (12.5,)]
    assert pesos.findings.num_rows == dinars.findings.num_rows == 0


def test_another_column_of_money_decides(tmp_path: Path) -> None:
    file = 'customer,date,total,shipping\na,2024-01-01,89.990,"4.990,50"\nb,2024-01-02,145.250,\n'
    assert values_of(read_file(tmp_path, file), "amount")[1] == (145_250.0,)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["24-01-03", "24-01-31", "23-12-05"], ("ymd", False)),
        (["03-01-24", "31-01-24"], ("dmy", False)),
        (["01/03/24", "01/31/24"], ("mdy", False)),
        (["03.01.24", "05.02.24"], ("dmy", True)),
        (["Wed 1/3/2024", "Wed 1/31/2024"], ("mdy", False)),
        (["Mi, 31.01.2024"], ("dmy", False)),
        (["３１／１／２０２４"], ("dmy", False)),
        (["31 01 2024"], ("dmy", False)),
        (["2024-01-03", "3 Jan 2024"], ("ymd", False)),
    ],
)
def test_the_order_of_dates_is_that_of_the_whole_column(texts: list[str], expected: tuple[str, bool]) -> None:
    assert date_order_of(pa.array(texts), None) == expected


@pytest.mark.parametrize(
    ("encoding", "header", "name"),
    [
        ("cp932", "注文番号,注文日時,合計金額,顧客ID", "さくら"),
        ("euc_jp", "注文番号,注文日時,合計金額,顧客ID", "さくら"),
        ("big5", "訂單編號,下單日期,實付金額,會員編號", "王小明"),
        ("gb18030", "订单编号,下单日期,实付金额,会员编号", "王小明"),
        ("cp1252", "Bestellnummer,Datum,Betrag,Käufer", "Jörg"),
    ],
)
def test_the_encoding_is_the_one_in_which_the_header_has_names(encoding: str, header: str, name: str) -> None:
    data = f"{header}\n1,2024-01-05,9.50,{name}\n2,2024-01-06,7.00,{name}\n".encode(encoding)
    assert decode(data, None, "orders.csv")[0] == data.decode(encoding)
