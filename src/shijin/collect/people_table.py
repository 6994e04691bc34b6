"""Recognises a table of people: one row each, with what is known of them, and no orders."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow.compute as pc

from shijin.collect.raw import Raw
from shijin.collect.values import as_text
from shijin.prepare.clean import plain

_TEXT = """
age birthday birthdate birthyear gender sex occupation job city region province country zip income education points
maritalstatus marital segment tier grade label value churn registered signupdate lastlogin tenure level tags totalspent
acceptsmarketing totalorders orderscount totalspend frequency recency monetary
年龄 生日 性别 职业 城市 地区 省份 收入 学历 婚姻 等级 会员等级 标签
价值 注册时间 积分 流失 购买频率 购买次数 浏览时长 消费次数 累计消费 画像
"""
_TRAITS = frozenset(_TEXT.split())
_FEW = 2  # such columns make a table of people


def is_people_table(raw: Raw, roles: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a table without times has one row for each customer, and columns about people.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from shijin.collect.raw import from_arrow
    >>> people = from_arrow(pa.table({"user": ["a", "b"], "age": [31, 40], "gender": ["f", "m"]}), "p", "", {}, "p")
    >>> is_people_table(people, {"customer_id": ("user",)})
    True
    """
    key = next((roles[role][0] for role in ("customer_id", "email", "phone") if role in roles), None)
    if key is None or "ts" in roles or "order_id" in roles:
        return False
    ids = as_text(raw.table[key])
    one_row_each = pc.count_distinct(ids).as_py() >= 0.99 * len(ids)
    traits = sum(plain(name) in _TRAITS for name in raw.table.column_names)
    return bool(one_row_each and traits >= _FEW)
