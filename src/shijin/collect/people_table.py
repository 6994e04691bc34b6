"""Recognises a table of people: one row each, with what is known of them, and no orders."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow.compute as pc

from shijin.collect.mapped import MONEY_ROLES
from shijin.collect.raw import Raw
from shijin.collect.values import as_text
from shijin.prepare.clean import plain

_TRAITS = frozenset(
    [
        "age",
        "birthday",
        "birthdate",
        "birthyear",
        "yearbirth",
        "dateofbirth",
        "gender",
        "genre",
        "sex",
        "occupation",
        "profession",
        "job",
        "city",
        "region",
        "province",
        "country",
        "zip",
        "income",
        "education",
        "maritalstatus",
        "marital",
        "married",
        "kids",
        "kidhome",
        "teenhome",
        "children",
        "dependents",
        "partner",
        "seniorcitizen",
        "segment",
        "tier",
        "grade",
        "label",
        "value",
        "churn",
        "churned",
        "target",
        "registered",
        "signupdate",
        "signup",
        "createdat",
        "registrationdate",
        "joindate",
        "joined",
        "dtcustomer",
        "lastlogin",
        "tenure",
        "points",
        "level",
        "membership",
        "membershiptype",
        "acceptsmarketing",
        "acceptsemailmarketing",
        "acceptssmsmarketing",
        "tags",
        "note",
        "frequency",
        "recency",
        "orderscount",
        "totalorders",
        "numberoforders",
        "spendingscore",
        "lastorderdate",
        "lastpurchasedate",
        "firstorderdate",
        "年龄",
        "年龄段",
        "生日",
        "出生日期",
        "性别",
        "职业",
        "城市",
        "地区",
        "省份",
        "收入",
        "年收入",
        "学历",
        "婚姻",
        "婚姻状况",
        "等级",
        "会员等级",
        "会员级别",
        "标签",
        "用户标签",
        "价值",
        "客户价值",
        "注册时间",
        "注册日期",
        "入会时间",
        "积分",
        "流失",
        "是否流失",
        "购买频率",
        "购买次数",
        "消费次数",
        "消费频次",
        "浏览时长",
        "画像",
        "兴趣",
        "最近登录",
        "最近购买时间",
        "最后购买时间",
        "客单价",
    ]
)
_LIFETIME = frozenset(
    [
        "totalspent",
        "totalspend",
        "amountspent",
        "lifetimevalue",
        "lifetimespend",
        "lifetimespent",
        "customerlifetimevalue",
        "ltv",
        "clv",
        "monetary",
        "totalpurchases",
        "累计消费",
        "累计消费金额",
        "累计金额",
        "累计购买金额",
        "总消费",
        "总消费金额",
        "消费总额",
        "历史消费",
    ]
)
_TRAIT_LIKE = re.compile(r"^(annual|monthly|household|family|year)?income|spendingscore|^mnt[a-z]+s?$")
_COUNTS = frozenset(["orderscount", "totalorders", "numberoforders", "购买次数", "消费次数", "消费频次"])
_PERSONAL_TIME = re.compile(
    r"regist|signup|join|enrol|birth|(last|first)(order|purchase|login|seen)|注册|入会|生日|最近|最后"
)
_ITEM = re.compile(r"\b(item|product|sku)s?\b|商品|货号|宝贝", re.IGNORECASE)
_FEW = 2  # such columns make a table of people
_MANY = 3  # where the key is a column called id


def is_people_table(raw: Raw, roles: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a table has one row for each customer, columns about people, and no orders.

    A time, as of signing up, and a sum of money over a customer's life make no orders of them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from shijin.collect.raw import from_arrow
    >>> people = from_arrow(pa.table({"user": ["a", "b"], "age": [31, 40], "gender": ["f", "m"]}), "p", "", {}, "p")
    >>> is_people_table(people, {"customer_id": ("user",)})
    True
    """
    names = {plain(name): name for name in raw.table.column_names}
    key = next((roles[role][0] for role in ("customer_id", "email", "phone") if role in roles), names.get("id"))
    sells = any(role in roles for role in ("order_id", "item_id", "quantity", "type"))
    sells = sells or any(_ITEM.search(name) for name in raw.table.column_names)
    if key is None or sells or ("ts" in roles and not _is_of_a_life(roles, names)):
        return False
    ids = as_text(raw.table[key])
    one_row_each = pc.count_distinct(ids).as_py() >= 0.99 * len(ids)
    traits = sum(name in _TRAITS | _LIFETIME or bool(_TRAIT_LIKE.search(name)) for name in names)
    return bool(one_row_each and traits >= (_MANY if key == names.get("id") else _FEW))


def _is_of_a_life(roles: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> bool:
    """Whether the times are those of a person, such as of signing up, and the money that of all orders."""
    money = {plain(name) for role in MONEY_ROLES for name in roles.get(role, ())}
    is_personal = all(_PERSONAL_TIME.search(plain(name)) for name in roles["ts"])
    return money <= _LIFETIME and (not money or is_personal or bool(_COUNTS & set(names)))
