"""Products, charges and tests are told apart by codes and names, whatever their case."""

import pyarrow as pa
import pytest

from shijin.config import ItemsSection
from shijin.prepare.clean import CHARGE, PRODUCT, TEST, kinds_of_items


def kind(code: str | None, name: str | None, items: ItemsSection | None = None) -> str:
    codes, names = pa.array([code], pa.string()), pa.array([name], pa.string())
    return str(kinds_of_items(codes, names, items or ItemsSection())[0])


@pytest.mark.parametrize(
    "name",
    [
        *("Postage", "postage", "POSTAGE", "Post", "Postage & Packing", "Postage and Packaging", "P&P", "Carriage"),
        *("Shipping", "SHIPPING FEE", "Shipping cost", "Shipping charges", "Shipping & Handling", "Standard shipping"),
        *("Express Delivery", "Next day delivery", "Delivery fee", "Delivery charge", "Delivery", "Freight"),
        *("Handling fee", "Free shipping", "Packing fee", "Service charge", "Dotcom Postage", "Bank charges"),
        *("运费", "邮费", "快递费", "配送费", "补运费", "运费补差价", "补差价", "包装费", "服务费", "邮资", "运费险"),
    ],
)
def test_the_usual_names_of_charges_are_charges_with_or_without_a_code(name: str) -> None:
    assert kind(None, name) == CHARGE
    assert kind("9001", name) == CHARGE
    assert kind(name, None) == CHARGE


@pytest.mark.parametrize(
    "name",
    [
        *("Postage stamp album", "Shipping container toy", "Delivery van", "Post box", "Carriage clock", "Dot", "Dots"),
        *("Poster", "Cruk", "Free", "Standard", "Service", "Packing tape", "International", "Handling gloves", "c2"),
        *("运费计算器", "快递盒", "包装盒", "差价", "邮票"),
    ],
)
def test_a_product_whose_name_resembles_a_charge_stays_a_product(name: str) -> None:
    assert kind(None, name) == kind("9001", name) == kind(name, None) == PRODUCT


@pytest.mark.parametrize("code", ["POST", "post", "DOT", "C2", "CRUK", "AMAZONFEE", "BANK CHARGES"])
def test_codes_of_charges_are_charges(code: str) -> None:
    assert kind(code, None) == CHARGE


@pytest.mark.parametrize("code", ["TEST001", "Test", "test12", "ADJUST", "adjust2"])
def test_codes_of_tests_are_tests_whatever_their_case(code: str) -> None:
    assert kind(code, None) == TEST


def test_a_small_letter_is_a_size_of_something_and_no_correction() -> None:
    letters, none_sold = pa.array(["s", "d", "b", "S", "D", "B"]), pa.array([True] * 6)
    kinds = kinds_of_items(letters, pa.nulls(6, pa.string()), ItemsSection(), none_sold)
    assert kinds.to_pylist() == [PRODUCT] * 3 + [TEST] * 3


def test_a_pattern_of_the_config_matches_the_whole_text_whatever_its_case_unless_it_has_a_flag() -> None:
    items = ItemsSection(charges=("gift wrap",), tests=("(?-i:dummy)",))
    assert [kind(None, name, items) for name in ("Gift Wrap", "gift wrap", "gift wrapper", "Postage")] == [
        *(CHARGE, CHARGE, PRODUCT, PRODUCT)
    ]
    assert [kind(code, None, items) for code in ("dummy", "Dummy")] == [TEST, PRODUCT]
