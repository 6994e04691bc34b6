"""Pinduoduo's export of orders: a row an order of one product."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("买家ID", "买家昵称"),
    "phone": ("手机", "手机号"),
    "person": ("收货人",),
    "ts": ("支付时间", "拼单成功时间", "订单成交时间"),
    "order_id": ("订单号",),
    "item_id": ("商家编码-规格维度", "商家编码-商品维度", "样式ID", "商品id"),
    "item_name": ("商品",),
    "quantity": ("商品数量(件)",),
    "order_total": ("用户实付金额(元)",),
    "status": ("订单状态", "售后状态"),
}
FORMAT = declared("pinduoduo", "拼多多: 订单", ("订单号", "商家实收金额(元)", "用户实付金额(元)"), COLUMNS)
