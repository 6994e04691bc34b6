"""Exports of Chinese platforms: 淘宝, 京东, 拼多多, 抖店, 有赞, 微信小店 and 美团."""

from collections.abc import Iterator
from decimal import Decimal

from platforms.shop import Files, Order, Platform, Shop, table

_TAOBAO = {
    "sale": ("交易成功", "卖家已发货，等待买家确认", "买家已付款，等待卖家发货"),
    "unpaid": ("等待买家付款",),
    "void": ("交易关闭", "付款以前，卖家或买家主动关闭交易"),
    "refunded": ("付款以后用户退款成功，交易自动关闭", "交易关闭"),
}
_NOTHING = Decimal(0)


def _quoted(number: object) -> str:
    """A number that a spreadsheet must not round."""
    return f'="{number}"'


def _nick(one: Order) -> str:
    return f"山人{one.customer.number}"


def taobao(shop: Shop) -> Files:
    """The list of orders and that of their lines, in GB18030; the paid amount has postage, or is 0."""
    orders = (
        "订单编号|买家会员名|买家支付宝账号|支付交易号|买家应付货款|买家应付邮费|买家支付积分|总金额|返点积分|买家实际支付金额|买家实际支付积分|"
        "订单状态|买家留言|收货人姓名|收货地址|运送方式|联系电话|联系手机|订单创建时间|订单付款时间|宝贝标题|宝贝种类|物流单号|物流公司|订单备注|"
        "宝贝总数量|店铺Id|店铺名称|订单关闭原因|卖家服务费|买家服务费|发票抬头|是否手机订单|分阶段订单信息|定金排名|修改后的sku|修改后的收货地址|"
        "异常信息|天猫卡券抵扣|集分宝抵扣|是否是O2O交易|退款金额"
    )
    details = "订单编号|标题|价格|购买数量|外部系统编号|商品属性|套餐信息|备注|订单状态|商家编码"

    def order(one: Order) -> dict[str, object]:
        is_paid = one.status in ("sale", "refunded")
        return {
            "订单编号": _quoted(2450000000 + one.number), "买家会员名": _nick(one),
            "买家支付宝账号": f"b***{one.number}",
            "买家应付货款": one.goods, "买家应付邮费": one.shipping, "买家支付积分": 0,
            "总金额": one.gross + one.shipping,
            "返点积分": 0, "买家实际支付金额": one.total if is_paid else _NOTHING, "买家实际支付积分": 0,
            "订单状态": one.word(_TAOBAO), "收货人姓名": one.customer.name, "运送方式": "快递",
            "订单创建时间": one.time,
            "订单付款时间": one.time if is_paid else "", "宝贝标题": "，".join(line.item for line in one.lines),
            "宝贝种类": len(one.lines), "宝贝总数量": one.quantity, "店铺Id": 0, "店铺名称": "茶店",
            "卖家服务费": _NOTHING,
            "订单关闭原因": "订单未关闭" if is_paid else "买家未付款", "天猫卡券抵扣": _NOTHING, "退款金额": one.refund,
        }  # fmt: skip

    def lines() -> Iterator[dict[str, object]]:
        for one in shop:
            for line in one.lines:
                yield {
                    "订单编号": _quoted(2450000000 + one.number), "标题": line.item, "价格": line.price,
                    "购买数量": line.quantity, "外部系统编号": line.sku, "订单状态": one.word(_TAOBAO),
                    "商家编码": line.sku,
                }  # fmt: skip

    return {
        "ExportOrderList2024.csv": table(orders, map(order, shop)).encode("gb18030"),
        "ExportOrderDetailList2024.csv": table(details, lines()).encode("gb18030"),
    }


def taobao_orders(shop: Shop) -> Files:
    """The list of orders alone."""
    return {name: text for name, text in taobao(shop).items() if "Detail" not in name}


def taobao_new(shop: Shop) -> Files:
    """The newer lists: each sub-order has its own paid amount, the order's has postage."""
    orders = (
        "订单编号|支付单号|买家会员名|买家应付货款|买家应付邮费|总金额|买家实付金额|订单状态|收货地址|运送方式|订单创建时间|订单付款时间|商品标题|"
        "宝贝种类|物流单号|物流公司|备注标签|商家备注|宝贝总数量|确认收货打款金额|退款金额|发货时间"
    )
    details = (
        "子订单编号|主订单编号|商品标题|商品价格|购买数量|外部系统编号|商品属性|套餐信息|联系方式备注|订单状态|商家编码|买家应付货款|"
        "买家实付金额|退款状态|退款金额|订单创建时间|订单付款时间"
    )

    def order(one: Order) -> dict[str, object]:
        is_paid = one.status in ("sale", "refunded")
        return {
            "订单编号": _quoted(3450000000 + one.number), "支付单号": f"P{one.number}", "买家会员名": _nick(one),
            "买家应付货款": one.goods, "买家应付邮费": one.shipping, "总金额": one.gross + one.shipping,
            "买家实付金额": one.total if is_paid else _NOTHING, "订单状态": one.word(_TAOBAO), "运送方式": "快递",
            "订单创建时间": one.time, "订单付款时间": one.time if is_paid else "", "宝贝种类": len(one.lines),
            "商品标题": one.lines[0].item, "宝贝总数量": one.quantity, "退款金额": one.refund,
            "确认收货打款金额": one.total if is_paid else _NOTHING,
        }  # fmt: skip

    def lines() -> Iterator[dict[str, object]]:
        for one in shop:
            is_paid, back = one.status in ("sale", "refunded"), one.status == "refunded"
            for n, line in enumerate(one.lines):
                part = one.refund if n == 0 and not back else _NOTHING
                refund = line.net if back else part
                yield {
                    "子订单编号": _quoted(3450000000 + one.number * 10 + n), "商品标题": line.item,
                    "商品价格": line.price,
                    "主订单编号": _quoted(3450000000 + one.number), "购买数量": line.quantity, "外部系统编号": line.sku,
                    "订单状态": one.word(_TAOBAO), "商家编码": line.sku, "买家应付货款": line.gross,
                    "买家实付金额": line.net if is_paid else _NOTHING, "退款金额": refund,
                    "退款状态": "退款成功" if back else "没有申请退款", "订单创建时间": one.time,
                }  # fmt: skip

    return {
        "ExportOrderList2025.csv": table(orders, map(order, shop)).encode("gb18030"),
        "ExportItemList2025.csv": table(details, lines()).encode("gb18030"),
    }


def jingdong(shop: Shop) -> Files:
    """A row a product with the order's money on each; 应付金额 has postage; a phone is masked."""
    header = (
        "订单号|商品ID|商品名称|订购数量|支付方式|下单时间|京东价|订单金额|结算金额|余额支付|应付金额|订单状态|订单类型|下单帐号|客户姓名|客户地址|"
        "联系电话|订单备注|发票类型|发票抬头|发票内容|商家备注|运费金额|付款确认时间|货号|订单完成时间|订单来源|订单渠道|服务费|仓库ID|仓库名称"
    )
    words = {
        "sale": ("完成", "等待出库", "等待确认收货"),
        "unpaid": ("等待付款",),
        "void": ("(删除)等待付款", "(删除)等待出库", "锁定并删除"),
        "refunded": ("(删除)等待确认收货",),
    }

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            for line in one.lines:
                yield {
                    "订单号": 291000000000 + one.number, "商品ID": int(line.sku[3:]) + 100, "商品名称": line.item,
                    "订购数量": line.quantity, "支付方式": "在线支付", "下单时间": one.time, "京东价": line.price,
                    "订单金额": one.gross, "结算金额": one.total, "余额支付": _NOTHING, "应付金额": one.total,
                    "订单状态": one.word(words), "下单帐号": f"jd_{one.customer.number}", "客户姓名": "王**",
                    "联系电话": f"139****00{one.customer.number % 10}", "运费金额": one.shipping, "货号": line.sku,
                    "付款确认时间": one.time if one.status == "sale" else "", "订单来源": "京东商城",
                }  # fmt: skip

    return {"订单.csv": table(header, rows()).encode("gb18030")}


def pinduoduo(shop: Shop) -> Files:
    """A row an order of one product; 用户实付金额 is what the customer paid, with postage."""
    header = (
        "商品|订单号|订单状态|商品总价(元)|邮费(元)|店铺优惠折扣(元)|平台优惠折扣(元)|多多支付立减金额(元)|上门安装费(元)|用户实付金额(元)|"
        "商家实收金额(元)|商品数量(件)|收货人|手机|省|市|区|支付时间|承诺发货时间|发货时间|确认收货时间|商品id|商品规格|样式ID|商家编码-规格维度|"
        "商家编码-商品维度|快递单号|快递公司|商家备注|买家留言|售后状态|订单成交时间"
    )
    words = {
        "sale": ("已收货", "已发货，待收货", "待发货"),
        "unpaid": ("待支付",),
        "void": ("已取消", "已取消，未成团"),
        "refunded": ("已发货，退款成功", "未发货，退款成功"),
    }

    def row(one: Order) -> dict[str, object]:
        [line] = one.lines
        is_paid = one.status in ("sale", "refunded")
        return {
            "商品": line.item, "订单号": f"24{one.number:04d}-{one.number:012d}", "订单状态": one.word(words),
            "商品总价(元)": line.gross, "邮费(元)": one.shipping, "店铺优惠折扣(元)": line.discount,
            "平台优惠折扣(元)": _NOTHING, "多多支付立减金额(元)": _NOTHING, "用户实付金额(元)": one.total,
            "商家实收金额(元)": one.total, "商品数量(件)": line.quantity, "收货人": one.customer.name,
            "手机": one.customer.phone, "支付时间": f"\t{one.time}" if is_paid else "\t",
            "商品id": int(line.sku[3:]) + 700,
            "样式ID": 900, "商家编码-规格维度": line.sku, "订单成交时间": f"\t{one.time}" if is_paid else "\t",
            "售后状态": "退款成功" if one.status == "refunded" else "无售后或售后取消",
        }  # fmt: skip

    return {"orders_export.csv": table(header, map(row, shop)).encode("utf-8-sig")}


def douyin(shop: Shop) -> Files:
    """A row a sub-order of one product; 订单应付金额 is its own, after all discounts; ids begin with a tab."""
    header = (
        "主订单编号|子订单编号|选购商品|商品规格|商品数量|商品ID|商家编码|商品单价|订单应付金额|运费|优惠总金额|平台优惠|商家优惠|达人优惠|"
        "商家改价|支付优惠|红包抵扣|支付方式|手续费|收件人|收件人手机号|省|市|区|街道|详细地址|买家留言|订单提交时间|旗帜颜色|商家备注|"
        "订单完成时间|支付完成时间|APP渠道|流量来源|订单状态|承诺发货时间|订单类型|达人ID|达人昵称|所属门店ID|售后状态|取消原因|仓库ID|仓库名称"
    )
    words = {
        "sale": ("已完成", "已发货", "待发货"),
        "unpaid": ("待支付",),
        "void": ("已关闭", "已取消"),
        "refunded": ("已关闭", "已完成"),
    }

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            for n, line in enumerate(one.lines):
                yield {
                    "主订单编号": f"\t{6917000000000000000 + one.number * 10}", "选购商品": f"\t{line.item}",
                    "子订单编号": f"\t{6917000000000000000 + one.number * 10 + n}", "商品数量": line.quantity,
                    "商品ID": f"\t{line.sku[3:]}77", "商家编码": f"\t{line.sku}", "商品单价": line.price,
                    "订单应付金额": line.net, "运费": _NOTHING, "优惠总金额": line.discount, "平台优惠": _NOTHING,
                    "商家优惠": line.discount, "达人优惠": _NOTHING, "支付方式": "微信", "手续费": _NOTHING,
                    "收件人": one.customer.name, "收件人手机号": one.customer.phone, "订单提交时间": one.time,
                    "订单完成时间": "-", "支付完成时间": one.time if one.status in ("sale", "refunded") else "-",
                    "APP渠道": "抖音", "订单状态": one.word(words),
                    "售后状态": "退款成功" if one.status == "refunded" else "-",
                }  # fmt: skip

    return {"1791430000_订单.csv": table(header, rows()).encode("utf-8-sig")}


def youzan(shop: Shop) -> Files:
    """The list of orders and that of their products; 商品实际成交金额 is the line's own paid amount."""
    orders = (
        "订单号|订单类型|订单状态|订单创建时间|买家付款时间|交易成功时间|买家昵称|买家手机号|商品金额合计|运费|订单优惠金额|应收订单金额|"
        "订单实付金额|付款方式|收货人/提货人|收货人手机号/提货人手机号|订单商品种类数|商品件数|商家订单备注|归属店铺"
    )
    details = (
        "订单号|外部订单号|订单商品状态|交易成功时间|商品名称|商品类型|商品目录|商品规格|规格编码|商品编码|商品单价|商品优惠方式|商品优惠后价格|"
        "商品数量|商品金额小计|店铺优惠（分摊）|商品实际成交金额|商品抵用积分数|商品留言|收货人/提货人|收货人手机号/提货人手机号|收货人省份|"
        "收货人城市|收货人地区|详细收货地址/提货地址|买家备注|商品发货状态|商品发货方式|商品发货物流公司|商品发货物流单号|发货员工|商品发货时间|"
        "商品退款状态|商品已退款金额|商家订单备注|周期购信息"
    )
    words = {
        "sale": ("交易完成", "待发货", "商家已发货"),
        "unpaid": ("待付款",),
        "void": ("交易关闭",),
        "refunded": ("交易关闭",),
    }

    def order(one: Order) -> dict[str, object]:
        return {
            "订单号": f"E2024{one.number:06d}", "订单类型": "普通订单", "订单状态": one.word(words),
            "订单创建时间": one.time,
            "买家付款时间": one.time if one.status in ("sale", "refunded") else "", "买家昵称": _nick(one),
            "买家手机号": one.customer.phone, "商品金额合计": one.gross, "运费": one.shipping,
            "订单优惠金额": one.discount,
            "应收订单金额": one.total, "订单实付金额": one.total, "付款方式": "微信支付", "商品件数": one.quantity,
            "收货人/提货人": one.customer.name, "收货人手机号/提货人手机号": one.customer.phone, "归属店铺": "茶店",
        }  # fmt: skip

    def lines() -> Iterator[dict[str, object]]:
        for one in shop:
            back = one.status == "refunded"
            for n, line in enumerate(one.lines):
                refund = line.net if back else (one.refund if n == 0 else _NOTHING)
                yield {
                    "订单号": f"E2024{one.number:06d}", "订单商品状态": one.word(words), "商品名称": line.item,
                    "规格编码": line.sku, "商品编码": line.sku, "商品单价": line.price, "商品数量": line.quantity,
                    "商品优惠后价格": line.price, "商品金额小计": line.gross, "店铺优惠（分摊）": line.discount,
                    "商品实际成交金额": line.net, "收货人/提货人": one.customer.name, "商品发货状态": "已发货",
                    "收货人手机号/提货人手机号": one.customer.phone, "商品退款状态": "退款成功" if back else "",
                    "商品已退款金额": refund,
                }  # fmt: skip

    return {
        "订单.csv": table(orders, map(order, shop)).encode("utf-8-sig"),
        "商品.csv": table(details, lines()).encode("utf-8-sig"),
    }


def weixin(shop: Shop) -> Files:
    """A row a product with the order's money on each; 商品实际价格(总共) is the line's own."""
    header = (
        "订单号|订单下单时间|订单发货时间|订单确认收货时间|订单完成结算时间|订单状态|发货方式|收件人姓名|收件人地址|省|市|区|收件人手机|买家备注|"
        "商家备注|打标颜色|商品总价|订单实际支付金额|订单实际收款金额|订单运费|商品优惠|跨店优惠|商品改价|积分抵扣|支付方式|支付时间|交易单号|"
        "物流公司|快递单号|技术服务费|技术服务费（将以人气卡形式返还）|运费险预计投保费用|带货方式|带货账号类型|带货账号昵称|带货费用渠道|"
        "带货费用类型|带货费用|带货佣金率|礼物单号|商品名称|商品编码(平台)|商品编码(自定义)|SKU编码(自定义)|商品属性|商品价格(单件)|"
        "商品实际价格(单件)|商品实际价格(总共)|是否预售|商品数量|商品平台券优惠|商品平均运费|定制信息|商品发货|商品售后|商品已退款金额"
    )
    words = {
        "sale": ("已完成", "待发货", "待收货"),
        "unpaid": ("待付款",),
        "void": ("已取消",),
        "refunded": ("已取消", "已完成"),
    }

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            back = one.status == "refunded"
            for n, line in enumerate(one.lines):
                refund = line.net if back else (one.refund if n == 0 else _NOTHING)
                yield {
                    "订单号": 3700000000000000000 + one.number, "订单下单时间": one.time, "订单状态": one.word(words),
                    "收件人姓名": one.customer.name, "收件人手机": one.customer.phone, "商品总价": one.gross,
                    "订单实际支付金额": one.total, "订单实际收款金额": one.total, "订单运费": one.shipping,
                    "商品优惠": one.discount, "跨店优惠": _NOTHING, "商品改价": _NOTHING, "积分抵扣": _NOTHING,
                    "支付时间": one.time if one.status in ("sale", "refunded") else "", "技术服务费": _NOTHING,
                    "商品名称": line.item, "商品编码(平台)": f"10000{line.sku[3:]}", "SKU编码(自定义)": line.sku,
                    "商品价格(单件)": line.price, "商品实际价格(单件)": line.net / line.quantity,
                    "商品实际价格(总共)": line.net, "商品数量": line.quantity, "商品平台券优惠": _NOTHING,
                    "商品售后": "退款完成" if back else "无", "商品已退款金额": refund,
                }  # fmt: skip

    return {"微信小店订单.csv": table(header, rows()).encode("utf-8-sig")}


def meituan(shop: Shop) -> Files:
    """A row an order; 用户实付 has the delivery."""
    header = (
        "订单编号|日订单序号|门店名称|下单时间|完成时间|订单状态|顾客姓名|顾客手机号|收货地址|商品信息|商品原价总额|餐盒费|配送费|商家活动支出|"
        "美团活动补贴|用户实付|平台服务费|商家应收|退款金额|备注"
    )
    words = {
        "sale": ("订单完成", "已完成"),
        "unpaid": ("待支付",),
        "void": ("用户取消", "商家取消", "订单取消"),
        "refunded": ("全额退款", "已退款"),
    }

    def row(one: Order) -> dict[str, object]:
        return {
            "订单编号": _quoted(100000000000 + one.number), "日订单序号": one.number % 30, "门店名称": "茶店(一店)",
            "下单时间": one.time, "完成时间": one.time, "订单状态": one.word(words), "顾客姓名": "王女士",
            "顾客手机号": one.customer.phone,
            "商品信息": "、".join(f"{line.item}*{line.quantity}" for line in one.lines),
            "商品原价总额": one.gross, "餐盒费": _NOTHING, "配送费": one.shipping, "商家活动支出": one.discount,
            "美团活动补贴": _NOTHING, "用户实付": one.total, "平台服务费": one.total * Decimal("0.08"),
            "商家应收": one.total * Decimal("0.92"), "退款金额": one.refund,
        }  # fmt: skip

    return {"美团订单.csv": table(header, map(row, shop)).encode("gb18030")}


CHINESE = (
    Platform("taobao", taobao, "total", "undated"),
    Platform("taobao_orders", taobao_orders, "total", "undated", has_items=False),
    Platform("taobao_new", taobao_new, "goods", "undated"),
    Platform("jingdong", jingdong, "total"),
    Platform("pinduoduo", pinduoduo, "total", has_single_lines=True),
    Platform("douyin", douyin),
    Platform("youzan", youzan, "goods", "undated"),
    Platform("weixin", weixin, "goods", "undated"),
    Platform("meituan", meituan, "total", "undated", has_items=False),
)
