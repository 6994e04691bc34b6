"""The export of orders of WeChat's shops: a row a product, with the order's paid amount on each of its lines.

Newer exports have what was paid for each product. 商品总价 is not read: it is of the order in some exports, and of the
product in others.
"""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("用户openid", "买家openid", "用户OpenID"),
    "phone": ("收件人手机", "收件人电话"),
    "person": ("收件人姓名",),
    "ts": ("下单时间", "订单下单时间", "支付时间"),
    "order_id": ("订单号",),
    "item_id": ("SKU编码(自定义)", "商品编码(自定义)", "商品编码(平台)"),
    "item_name": ("商品名称",),
    "quantity": ("商品数量",),
    "unit_price": ("商品价格", "商品价格(单件)"),
    "line_total": ("商品实际价格(总共)",),
    "order_total": ("订单实际支付金额",),
    "refund": ("商品已退款金额",),
    "order_refund": ("退款金额",),
    "status": ("订单状态", "售后状态", "商品售后"),
}
FORMAT = declared("weixin", "微信小店: 订单", ("订单号", "商品编码(平台)", "订单实际支付金额"), COLUMNS)
