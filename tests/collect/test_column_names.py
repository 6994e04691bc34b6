"""Names of columns in other words and languages, with units, and with what their amounts include."""

from pathlib import Path

import pyarrow as pa
import pytest

from collecting import read_file, values_of
from shijin.collect.column_names import bare_name, by_bare_name
from shijin.collect.columns import find_columns
from shijin.collect.raw import from_arrow

LANGUAGES = {
    "German": "Kundennr.;Bestelldatum;Bestellnummer;Artikelnummer;Menge;Einzelpreis;Gesamtbetrag;Bestellstatus",
    "German gross": "Kunde;Datum;Bestell-Nr.;Artikel-Nr.;Anzahl;Stückpreis;Summe (brutto);Zahlungsstatus",
    "French": "Code client;Date de commande;N° commande;Référence produit;Quantité;Prix unitaire;Montant TTC;Statut",
    "Spanish": "ID cliente;Fecha del pedido;Número de pedido;SKU;Cantidad;Precio unitario;Importe;Estado",
    "Italian": "ID cliente;Data ordine;Numero ordine;Codice prodotto;Quantità;Prezzo unitario;Importo;Stato ordine",
    "Portuguese": "Código cliente;Data do pedido;Número do pedido;SKU;Quantidade;Preço unitário;Valor pago;Status",
    "Dutch": "Klantnummer;Besteldatum;Bestelnummer;Artikelnummer;Aantal;Stuksprijs;Totaalbedrag;Status",
    "Polish": "ID klienta;Data;Numer zamówienia;SKU;Ilość;Cena jednostkowa;Razem;Status",
    "Japanese": "顧客ID;注文日時;注文番号;商品コード;数量;単価;合計金額;ステータス",
    "Taiwan": "會員編號;訂單時間;訂單編號;商品編號;數量;單價;實付金額;訂單狀態",
    "Hong Kong": "客戶編號;下單日期;單號;貨號;件數;商品單價;總金額(HKD);狀態",
}
ROWS = [
    *["a;2024-01-05;1;t1;2;10.00;20.00;paid", "b;2024-01-06;2;t2;1;12.50;12.50;paid"],
    *["a;2024-01-07;3;t1;3;10.00;30.00;cancelled", "c;2024-01-08;4;t2;2;12.50;25.00;paid"],
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_columns_of_an_order_list_in_another_language(language: str, tmp_path: Path) -> None:
    collected = read_file(tmp_path, "\n".join([LANGUAGES[language], *ROWS]) + "\n")
    assert values_of(collected, "customer_id", "type", "order_id", "item_id", "quantity", "amount") == [
        ("a", "order", "1", "t1", 2.0, 20.0),
        ("b", "order", "2", "t2", 1.0, 12.5),
        ("a", "void", "3", "t1", 3.0, 30.0),
        ("c", "order", "4", "t2", 2.0, 25.0),
    ]
    assert collected.reading is not None
    assert collected.reading.unread == ()


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        (["Total excl. tax", "Total incl. tax"], "Total incl. tax"),
        (["Order total ex VAT", "Order total inc VAT"], "Order total inc VAT"),
        (["total_ex_tax", "total_inc_tax"], "total_inc_tax"),
        (["Nettobetrag", "Bruttobetrag"], "Bruttobetrag"),
        (["Total HT", "Total TTC"], "Total TTC"),
        (["不含税金额", "含税金额"], "含税金额"),
        (["Amount before tax", "Amount after tax"], "Amount after tax"),
        (["Total without shipping", "Total with shipping"], "Total with shipping"),
        (["Amount before tax"], "Amount before tax"),
    ],
)
def test_what_a_customer_pays_is_with_tax(columns: list[str], chosen: str) -> None:
    assert _money_column(columns) == chosen
    assert _money_column(columns[::-1]) == chosen


def _money_column(columns: list[str]) -> str:
    known = {"Order": ["1", "2"], "Customer": ["a", "b"], "Date": ["2024-01-05", "2024-01-06"]}
    table = pa.table(known | {name: ["9.50", "7.00"] for name in columns})
    roles = find_columns(from_arrow(table, "orders", "", {}, "orders"), {})
    [money] = [names for role, names in roles.items() if role in ("amount", "order_total", "line_total")]
    return money[0]


@pytest.mark.parametrize("name", ["Tax", "VAT included", "(元)", "Shipping", "Provincial total", "Extax"])
def test_a_name_of_nothing_else_stays(name: str) -> None:
    assert bare_name(name)[1] == 1


def test_an_exact_name_wins_over_one_with_a_unit() -> None:
    assert by_bare_name(["Total (USD)", "Total"])["total"] == "Total"
    assert by_bare_name(["Total", "Total (USD)"])["total"] == "Total"
