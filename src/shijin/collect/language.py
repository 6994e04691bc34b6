"""The language of a source, by the names of its columns: it decides the language of a new workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HAN = re.compile(r"[一-鿿]")
_KANA = re.compile(r"[぀-ヿ]")  # Japanese, which is written with Chinese characters as well


def is_chinese(columns: Iterable[str]) -> bool:
    """Whether most names are Chinese.

    Examples
    --------
    >>> is_chinese(["订单编号", "买家昵称", "SKU"]), is_chinese(["注文番号", "購入者の名前"]), is_chinese(["id", "额"])
    (True, False, False)
    """
    names = list(columns)
    chinese = sum(bool(_HAN.search(name)) for name in names)
    return 2 * chinese > len(names) and not any(_KANA.search(name) for name in names)
