"""Youzan's export of lines: a line's own paid amount, after coupons."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("买家编号", "买家ID", "买家昵称"),
    "phone": ("买家手机号", "收货人手机号", "下单手机号"),
    "person": ("收货人", "收货人姓名"),
    "ts": ("订单创建时间", "买家付款时间"),
    "order_id": ("订单号",),
    "item_id": ("商品编码", "规格编码", "商品ID"),
    "item_name": ("商品名称",),
    "quantity": ("商品数量",),
    "line_total": ("商品实际成交金额",),
    "refund": ("商品已退款金额", "退款金额"),
    "status": ("订单状态", "商品退款状态"),
}
FORMAT = declared("youzan", "有赞: 订单商品", ("订单号", "商品实际成交金额"), COLUMNS)
