"""Meituan's export of orders: a row an order."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("用户ID", "顾客ID"),
    "phone": ("顾客手机号", "收餐人电话", "顾客电话"),
    "person": ("顾客姓名", "收餐人"),
    "ts": ("下单时间",),
    "order_id": ("订单编号",),
    "order_total": ("用户实付",),
    "refund": ("退款金额", "用户退款金额"),
    "status": ("订单状态",),
}
FORMAT = declared("meituan", "美团: 订单", ("订单编号", "下单时间", "用户实付"), COLUMNS)
