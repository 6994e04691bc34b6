"""Taobao's and Tmall's list of orders, with or without its file of lines: the order's money may stand on each line."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("买家会员名",),
    "phone": ("联系手机", "联系电话"),
    "person": ("收货人姓名",),
    "ts": ("订单创建时间", "订单付款时间"),
    "order_id": ("订单编号",),
    "item_id": ("商家编码", "外部系统编号"),
    "item_name": ("标题",),
    "quantity": ("购买数量",),
    "unit_price": ("价格",),
    "order_total": ("买家实际支付金额",),
    "refund": ("退款金额",),
    "status": ("订单状态",),
}
FORMAT = declared("taobao", "淘宝/天猫: 订单", ("订单编号", "买家会员名", "买家实际支付金额", "订单创建时间"), COLUMNS)
