"""The newer columns of Taobao's and Tmall's orders; with sub-orders the paid amount is the line's."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("买家会员名", "买家昵称", "买家ID"),
    "phone": ("联系手机", "收货人手机"),
    "person": ("收货人姓名",),
    "ts": ("订单创建时间", "订单付款时间"),
    "order_id": ("主订单编号", "订单编号"),
    "item_id": ("商家编码", "外部系统编号", "商品ID", "宝贝ID"),
    "item_name": ("标题", "宝贝标题", "商品标题"),
    "quantity": ("购买数量",),
    "unit_price": ("商品价格", "价格"),
    "amount": ("买家实付金额",),
    "refund": ("退款金额",),
    "status": ("订单状态", "退款状态"),
}
FORMAT = declared(
    "taobao_new", "淘宝/天猫: 订单（新版）", ("订单编号", "买家实付金额", "订单状态", "订单创建时间"), COLUMNS
)
