"""Douyin's export of orders: a row a sub-order, which has one product."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("用户ID", "买家ID"),
    "phone": ("收件人手机号", "手机号"),
    "person": ("收件人",),
    "ts": ("订单提交时间", "支付完成时间"),
    "order_id": ("主订单编号",),
    "item_id": ("商家编码", "商品ID"),
    "item_name": ("选购商品",),
    "quantity": ("商品数量",),
    "unit_price": ("商品单价",),
    "amount": ("订单应付金额", "实付款"),
    "refund": ("退款金额",),
    "status": ("订单状态", "售后状态"),
    "channel": ("流量来源", "APP渠道"),
}
FORMAT = declared("douyin", "抖店: 订单", ("主订单编号", "子订单编号", "选购商品"), COLUMNS)
