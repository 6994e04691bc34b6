"""JD's export of orders: a row a product, with the order's money on each of its lines."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("下单帐号", "下单账号"),
    "phone": ("联系电话",),
    "person": ("客户姓名",),
    "ts": ("下单时间",),
    "order_id": ("订单号",),
    "item_id": ("商家SKUID", "货号", "商品ID"),
    "item_name": ("商品名称",),
    "quantity": ("订购数量", "商品数量"),
    "unit_price": ("京东价",),
    "order_total": ("应付金额", "结算金额", "订单金额"),
    "status": ("订单状态",),
}
FORMAT = declared("jingdong", "京东: 订单", ("订单号", "下单帐号", "下单时间"), COLUMNS)
