"""The export of orders of WeChat's shops: a row a product, with the order's paid amount on each of its lines."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("用户openid", "买家openid", "用户OpenID"),
    "phone": ("收件人手机", "收件人电话"),
    "person": ("收件人姓名",),
    "ts": ("下单时间", "支付时间"),
    "order_id": ("订单号",),
    "item_id": ("SKU编码(自定义)", "商品编码(自定义)", "商品编码(平台)"),
    "item_name": ("商品名称",),
    "quantity": ("商品数量",),
    "line_gross": ("商品总价",),
    "order_total": ("订单实际支付金额",),
    "order_refund": ("退款金额",),
    "status": ("订单状态", "售后状态"),
}
FORMAT = declared("weixin", "微信小店: 订单", ("订单号", "下单时间", "商品总价", "订单实际支付金额"), COLUMNS)
