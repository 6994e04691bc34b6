"""A few rows of each platform's export, written by hand, and what they are: type, customer, order and money."""

from pathlib import Path

import pytest

from collecting import read_file, values_of
from shijin.collect.source import FORMATS

Expected = list[tuple[str, str, str | None, float | None]]

EXPORTS: dict[str, tuple[str, Expected]] = {
    "woocommerce_analytics": (
        "Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net sales,Attribution\n"
        "2024-03-01 10:00:00,101,completed,Ada Birch,new,2× Mug,2,,18.50,Organic\n"
        "2024-03-02 10:00:00,102,refunded,Ben Cedar,new,1× Cap,1,,9.00,Direct\n"
        "2024-03-03 10:00:00,103,pending,Ada Birch,returning,1× Cap,1,,9.00,Direct\n",
        [("order", "Ada Birch", "101", 18.5), ("void", "Ben Cedar", "102", 9.0)],
    ),
    "woocommerce_rest": (
        '[{"id": 7, "number": "7", "order_key": "wc_1", "status": "processing", "currency": "EUR", "customer_id": 3,'
        ' "date_created": "2024-03-01T10:00:00", "date_created_gmt": "2024-03-01T09:00:00", "total": "31.90",'
        ' "shipping_total": "4.90", "billing": {"email": "a@x.org", "first_name": "Ada"}, "refunds": [{"id": 1,'
        ' "total": "-5.00"}], "line_items": [{"id": 1, "name": "Mug", "product_id": 5, "sku": "M1", "quantity": 2,'
        ' "subtotal": "20.00", "total": "18.00", "price": 9}, {"id": 2, "name": "Cap", "product_id": 6, "sku": "C1",'
        ' "quantity": 1, "subtotal": "9.00", "total": "9.00", "price": 9}]}]',
        [("order", "3", "7", 18.0), ("order", "3", "7", 9.0), ("refund_undated", "3", "7", -5.0)],
    ),
    "woocommerce_advanced": (
        "Order Number,Order Status,Order Date,First Name (Billing),Email (Billing),Order Shipping Amount,"
        "Order Refund Amount,Order Total Amount,SKU,Item #,Item Name,Quantity,Item Cost\n"
        "11,Completed,2024-03-01 10:00,Ada,a@x.org,0.00,0.00,28.00,M1,1,Mug,2,9.50\n"
        "11,Completed,2024-03-01 10:00,Ada,a@x.org,0.00,0.00,28.00,C1,2,Cap,1,9.00\n"
        "12,Completed,2024-03-02 10:00,Ben,b@x.org,0.00,0.00,28.50,M1,1,Mug,3,9.50\n"
        "13,Cancelled,2024-03-03 10:00,Ben,b@x.org,0.00,0.00,9.00,C1,1,Cap,1,9.00\n"
        "14,Completed,2024-03-04 10:00,Cleo,c@x.org,0.00,0.00,27.50,M1,1,Mug,1,9.50\n"
        "14,Completed,2024-03-04 10:00,Cleo,c@x.org,0.00,0.00,27.50,C1,2,Cap,2,9.00\n",
        [("order", "@a@x.org", "11", 19.0), ("order", "@a@x.org", "11", 9.0), ("order", "@b@x.org", "12", 28.5),
         ("void", "@b@x.org", "13", 9.0), ("order", "@c@x.org", "14", 9.5), ("order", "@c@x.org", "14", 18.0)],
    ),
    "woocommerce_webtoffee": (
        "order_id,order_number,order_date,status,shipping_total,discount_total,order_total,order_currency,"
        "customer_user,customer_email,billing_first_name,billing_email\n"
        "21,21,2024-03-01 10:00:00,completed,4.90,0,24.90,EUR,0,,Ada,a@x.org\n"
        "22,22,2024-03-02 10:00:00,on-hold,0,0,9.00,EUR,0,,Ben,b@x.org\n",
        [("order", "@a@x.org", "21", 24.9)],
    ),
    "magento": (
        "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,"
        "Customer Email\n"
        '000000031,Main,"Mar 1, 2024 10:00:00 AM",Ada B,Ada B,34.0000,34.0000,Complete,a@x.org\n'
        '000000032,Main,"Mar 2, 2024 10:00:00 PM",Ben C,Ben C,20.0000,20.0000,Closed,b@x.org\n',
        [("order", "@a@x.org", "000000031", 34.0), ("void", "@b@x.org", "000000032", 20.0)],
    ),
    "bigcommerce": (
        "Order ID,Customer ID,Customer Name,Customer Email,Order Date,Order Status,Subtotal (inc tax),"
        "Order Total (inc tax),Order Total (ex tax),Total Quantity,Refund Amount,Order Currency Code\n"
        "41,9,Ada Birch,a@x.org,2024-03-01,Shipped,20.00,24.00,20.00,2,4.00,USD\n"
        "42,0,Ben Cedar,b@x.org,2024-03-02,Incomplete,9.00,9.00,8.00,1,0.00,USD\n",
        [("order", "9", "41", 24.0), ("void", "@b@x.org", "42", 9.0), ("refund_undated", "9", "41", -4.0)],
    ),
    "prestashop": (
        "ID;Reference;New client;Delivery;Customer;Total;Payment;Status;Date\n"
        "1;QWERTY;1;France;A. ASH;€25.00;Bank wire;Payment accepted;2024-03-01 10:00:00\n"
        "2;ASDFGH;0;France;B. ELM;€9.00;Cheque;Awaiting check payment;2024-03-02 10:00:00\n",
        [("order", "A. ASH", "QWERTY", 25.0)],
    ),
    "square": (
        "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,"
        "Transaction ID,Event Type,Customer ID,Customer Name\n"
        "2024-03-01,10:05:00,Pacific,Tea,Green tea,2,Regular,G1,$10.00,-$1.00,$9.00,$0.80,T1,Payment,C1,Ada\n"
        "2024-03-02,11:00:00,Pacific,Tea,Green tea,-1,Regular,G1,-$5.00,$0.00,-$5.00,$0.00,T2,Refund,C1,Ada\n",
        [("order", "C1", "T1", 9.0), ("return", "C1", "T2", -5.0)],
    ),
    "etsy_items": (
        "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Order Shipping,Item Total,Currency,"
        "Transaction ID,Order ID,SKU\n"
        "01/03/24,Bowl,crafts1,2,18.00,SPRING,4.00,3.90,32.00,EUR,7701,9501,BW1\n"
        "25/03/24,Bowl,crafts2,1,18.00,,0.00,3.90,18.00,EUR,7702,9502,BW1\n",
        [("order", "crafts1", "9501", 32.0), ("order", "crafts2", "9502", 18.0)],
    ),
    "etsy_orders": (
        "Sale Date,Order ID,Buyer User ID,Full Name,Number of Items,Currency,Order Value,Coupon Code,Discount Amount,"
        "Shipping,Sales Tax,Order Total,Status,Buyer\n"
        "01/03/24,9501,crafts1,Ada Birch,2,EUR,36.00,SPRING,4.00,3.90,0.00,35.90,,crafts1\n"
        "25/03/24,9502,crafts2,Ben Cedar,1,EUR,18.00,,0.00,3.90,0.00,21.90,,crafts2\n",
        [("order", "crafts1", "9501", 32.0), ("order", "crafts2", "9502", 18.0)],
    ),
    "amazon": (
        "amazon-order-id\tpurchase-date\torder-status\tproduct-name\tsku\tquantity\tcurrency\titem-price\titem-tax\t"
        "item-promotion-discount\tbuyer-email\n"
        "305-1\t2024-03-01T10:05:00+00:00\tShipped\tMug\tM1\t2\tEUR\t19.00\t3.00\t1.50\tr1@m.amazon.com\n"
        "305-2\t2024-03-02T10:05:00+00:00\tCancelled\tMug\tM1\t1\tEUR\t9.50\t1.50\t\tr2@m.amazon.com\n",
        [("order", "@r1@m.amazon.com", "305-1", 17.5), ("void", "@r2@m.amazon.com", "305-2", 9.5)],
    ),
    "ebay": (
        ",,,,,,,\n"
        "Sales Record Number,Order Number,Buyer Username,Item Number,Item Title,Custom Label,Quantity,Sold For,"
        "Total Price,Sale Date\n"
        "1,24-001,anna,110,Mug,M1,2,$9.50,$23.00,Mar-01-24\n"
        "2,24-002,ben,111,Cap,C1,1,$9.00,$9.00,Mar-02-24\n",
        [("order", "anna", "24-001", 23.0), ("order", "ben", "24-002", 9.0)],
    ),
    "stripe": (
        "id,Created (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID,Customer Email\n"
        "ch_1,2024-03-01 10:00,25.50,5.50,eur,true,Paid,cus_1,a@x.org\n"
        "ch_2,2024-03-02 10:00,28.00,28.00,eur,true,Refunded,cus_2,b@x.org\n"
        "ch_3,2024-03-03 10:00,9.00,0.00,eur,false,Failed,cus_1,a@x.org\n",
        [("order", "cus_1", "ch_1", 25.5), ("void", "cus_2", "ch_2", 28.0), ("void", "cus_1", "ch_3", 9.0),
         ("refund_undated", "cus_1", "ch_1", -5.5)],
    ),
    "paypal": (
        "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,"
        "Transaction ID,Item Title,Item ID\n"
        "13/03/2024,10:00:00,PST,Ada,Express Checkout Payment,Completed,USD,25.00,-1.00,24.00,a@x.org,s@shop.org,T1,"
        "Mug,M1\n"
        "14/03/2024,10:00:00,PST,Ada,Payment Refund,Completed,USD,-25.00,0.00,-25.00,s@shop.org,a@x.org,T2,Mug,M1\n"
        '15/03/2024,10:00:00,PST,,General Withdrawal,Completed,USD,"-1,000.00",0.00,"-1,000.00",s@shop.org,,T3,,\n',
        [("order", "@a@x.org", "T1", 25.0), ("return", "@a@x.org", "T2", -25.0)],
    ),
    "taobao": (
        "订单编号,买家会员名,买家支付宝账号,总金额,买家实际支付金额,订单状态,收货人姓名,订单创建时间,订单付款时间,宝贝标题,"
        "退款金额\n"
        '"=""2450001""",山人,a***,64.00,60.00,交易成功,王五,2024-03-01 09:00:00,2024-03-01 09:05:00,好茶,10.00\n'
        '"=""2450002""",海客,b***,30.00,30.00,交易关闭,李四,2024-03-02 09:00:00,,好茶,30.00\n',
        [("order", "山人", "2450001", 60.0), ("void", "海客", "2450002", 30.0),
         ("refund_undated", "山人", "2450001", -10.0)],
    ),
    "taobao_new": (
        "子订单编号,主订单编号,订单编号,买家昵称,标题,商品价格,购买数量,买家实付金额,订单状态,退款状态,退款金额,订单创建时间\n"
        "s1,2460001,2460001,山人,好茶,20.00,2,36.00,交易成功,没有申请退款,0.00,2024-03-01 09:00:00\n"
        "s2,2460001,2460001,山人,茶杯,15.00,1,15.00,交易成功,没有申请退款,0.00,2024-03-01 09:00:00\n"
        "s3,2460002,2460002,海客,好茶,20.00,1,20.00,交易关闭,退款成功,20.00,2024-03-02 09:00:00\n",
        [("order", "山人", "2460001", 36.0), ("order", "山人", "2460001", 15.0), ("void", "海客", "2460002", 20.0)],
    ),
    "jingdong": (
        "订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,应付金额,订单状态,下单帐号,客户姓名,联系电话\n"
        "291,p1,好茶,2,2024-03-01 09:00:00,20.00,55.00,55.00,完成,jd_1,赵**,139****0001\n"
        "291,p2,茶杯,1,2024-03-01 09:00:00,15.00,55.00,55.00,完成,jd_1,赵**,139****0001\n"
        "292,p1,好茶,1,2024-03-02 09:00:00,20.00,20.00,20.00,(删除)等待付款,jd_2,钱**,139****0002\n"
        "293,p2,茶杯,1,2024-03-03 09:00:00,15.00,35.00,35.00,等待出库,jd_2,钱**,139****0002\n"
        "293,p1,好茶,1,2024-03-03 09:00:00,20.00,35.00,35.00,等待出库,jd_2,钱**,139****0002\n",
        [("order", "jd_1", "291", 40.0), ("order", "jd_1", "291", 15.0), ("void", "jd_2", "292", 20.0),
         ("order", "jd_2", "293", 15.0), ("order", "jd_2", "293", 20.0)],
    ),
    "pinduoduo": (
        "商品,订单号,订单状态,商品总价(元),店铺优惠折扣(元),用户实付金额(元),商家实收金额(元),商品数量(件),拼单成功时间,商品id,售后状态,"
        "收货人,手机号\n"
        "好茶,240301-1,已收货,40.00,2.00,38.00,38.00,2,2024-03-01 09:00:00,p1,无售后或售后取消,王五,13900000001\n"
        "好茶,240302-2,已发货，退款成功,20.00,0.00,20.00,0.00,1,2024-03-02 09:00:00,p1,退款成功,李四,13900000002\n"
        "好茶,240303-3,待支付,20.00,0.00,20.00,0.00,1,,p1,无售后或售后取消,李四,13900000002\n",
        [("order", "@13900000001", "240301-1", 38.0), ("void", "@13900000002", "240302-2", 20.0)],
    ),
    "douyin": (
        "主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商品单价,订单应付金额,运费,收件人,收件人手机号,订单提交时间,"
        "订单状态,售后状态,用户ID\n"
        "d1,s1,好茶,大,2,p1,20.00,38.00,0,王*,139****01,2024-03-01 09:00:00,已完成,-,u1\n"
        "d1,s2,茶杯,小,1,p2,15.00,15.00,0,王*,139****01,2024-03-01 09:00:00,已完成,-,u1\n"
        "d2,s3,好茶,大,1,p1,20.00,20.00,0,李*,139****02,2024-03-02 09:00:00,已关闭,退款成功,u2\n",
        [("order", "u1", "d1", 38.0), ("order", "u1", "d1", 15.0), ("void", "u2", "d2", 20.0)],
    ),
    "youzan": (
        "订单号,买家编号,订单创建时间,订单状态,订单实付金额,商品编码,商品名称,商品单价,商品数量,商品实际成交金额\n"
        "E1,B1,2024-03-01 09:00:00,交易完成,35.50,P1,茶,13.00,2,23.50\n"
        "E1,B1,2024-03-01 09:00:00,交易完成,35.50,P2,杯,16.00,1,12.00\n"
        "E2,B2,2024-03-02 09:00:00,待付款,16.00,P2,杯,16.00,1,16.00\n",
        [("order", "B1", "E1", 23.5), ("order", "B1", "E1", 12.0)],
    ),
    "weixin": (
        "订单号,下单时间,商品名称,商品编码(平台),商品数量,商品价格,商品总价,订单实际支付金额,订单状态,用户openid\n"
        "w1,2024-03-01 09:00:00,茶,p1,2,20.00,40.00,50.00,已完成,o1\n"
        "w1,2024-03-01 09:00:00,杯,p2,1,15.00,15.00,50.00,已完成,o1\n"
        "w2,2024-03-02 09:00:00,杯,p2,1,15.00,15.00,15.00,已取消,o2\n"
        "w3,2024-03-03 09:00:00,茶,p1,1,20.00,20.00,30.00,待发货,o2\n"
        "w3,2024-03-03 09:00:00,杯,p2,1,15.00,15.00,30.00,待发货,o2\n",
        [("order", "o1", "w1", 36.36), ("order", "o1", "w1", 13.64), ("void", "o2", "w2", 15.0),
         ("order", "o2", "w3", 17.14), ("order", "o2", "w3", 12.86)],
    ),
    "meituan": (
        "订单编号,下单时间,订单状态,用户实付,商家应收,顾客姓名,顾客手机号\n"
        "m1,2024-03-01 12:00:00,订单完成,36.50,30.00,王女士,13900000001\n"
        "m2,2024-03-02 12:00:00,用户取消,20.00,0.00,李先生,13900000002\n",
        [("order", "@13900000001", "m1", 36.5), ("void", "@13900000002", "m2", 20.0)],
    ),
    "ga4": (
        '{"event_name": "view_item", "event_timestamp": 1709287200000000, "user_id": null, "user_pseudo_id": "9.1",'
        ' "ecommerce": null, "items": [{"item_id": "M1", "item_name": "Mug", "price": 9.5, "quantity": null}]}\n'
        '{"event_name": "purchase", "event_timestamp": 1709287260000000, "user_id": "7", "user_pseudo_id": "9.1",'
        ' "ecommerce": {"transaction_id": "T1", "purchase_revenue": 28.0}, "items": [{"item_id": "M1", "item_name":'
        ' "Mug", "price": 9.5, "quantity": 2}, {"item_id": "C1", "item_name": "Cap", "price": 9.0, "quantity": 1}]}\n'
        '{"event_name": "purchase", "event_timestamp": 1709287270000000, "user_id": "7", "user_pseudo_id": "9.1",'
        ' "ecommerce": {"transaction_id": "T1", "purchase_revenue": 28.0}, "items": [{"item_id": "M1", "item_name":'
        ' "Mug", "price": 9.5, "quantity": 2}, {"item_id": "C1", "item_name": "Cap", "price": 9.0, "quantity": 1}]}\n'
        '{"event_name": "purchase", "event_timestamp": 1709287280000000, "user_id": "8", "user_pseudo_id": "9.2",'
        ' "ecommerce": {"transaction_id": "T2", "purchase_revenue": 18.5}, "items": [{"item_id": "M1", "item_name":'
        ' "Mug", "price": 9.5, "quantity": 1}, {"item_id": "C1", "item_name": "Cap", "price": 9.0, "quantity": 1}]}\n',
        [("view", "7", None, None), ("order", "7", "T1", 19.0), ("order", "7", "T1", 9.0),
         ("order", "8", "T2", 9.5), ("order", "8", "T2", 9.0)],
    ),
    "segment": (
        '{"type": "track", "event": "Product Viewed", "userId": null, "anonymousId": "x1", "messageId": "1",'
        ' "timestamp": "2024-03-01T10:00:00Z", "properties": {"sku": "M1", "price": 9.5, "products": []}}\n'
        '{"type": "track", "event": "Order Completed", "userId": "7", "anonymousId": "x1", "messageId": "2",'
        ' "timestamp": "2024-03-01T10:05:00Z", "properties": {"order_id": "T1", "revenue": 28.0, "total": 33.0,'
        ' "products": [{"sku": "M1", "price": 9.5, "quantity": 2}, {"sku": "C1", "price": 9.0, "quantity": 1}]}}\n'
        '{"type": "track", "event": "Order Completed", "userId": "8", "anonymousId": "x2", "messageId": "3",'
        ' "timestamp": "2024-03-02T10:05:00Z", "properties": {"order_id": "T2", "revenue": 18.5, "total": 20.0,'
        ' "products": [{"sku": "M1", "price": 9.5, "quantity": 1}, {"sku": "C1", "price": 9.0, "quantity": 1}]}}\n',
        [("view", "7", None, None), ("order", "7", "T1", 19.0), ("order", "7", "T1", 9.0),
         ("order", "8", "T2", 9.5), ("order", "8", "T2", 9.0)],
    ),
    "rees46": (
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2024-03-01 10:00:00 UTC,view,p1,1,tea.green,leaf,9.50,u1,s1\n"
        "2024-03-01 10:01:00 UTC,remove_from_cart,p1,1,tea.green,leaf,9.50,u1,s1\n"
        "2024-03-01 10:02:00 UTC,purchase,p2,1,tea.black,leaf,7.25,u1,s1\n",
        [("view", "u1", None, None), ("cart_removed", "u1", None, None), ("order", "u1", None, 7.25)],
    ),
}  # fmt: skip


def test_every_format_has_an_export_here_or_a_test_of_its_own() -> None:
    assert {one.name for one in FORMATS} - set(EXPORTS) == {"shopify", "table"}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_recognised_and_read_without_a_mapping(name: str, tmp_path: Path) -> None:
    text, expected = EXPORTS[name]
    encoding = "gb18030" if name.startswith("taobao") else "utf-8"
    collected = read_file(tmp_path, text.encode(encoding), "export.txt")
    assert collected.guess["format"] == name
    hashes = {row["customer_id"]: row["email"] or row["phone"] for row in collected.contacts.to_pylist()}
    rows = values_of(collected, "type", "customer_id", "order_id", "amount", "source_row")
    read = [
        (kind, f"@{hashes[who]}" if str(who).startswith("c_") else who, order, money)
        for kind, who, order, money, _ in rows
    ]
    assert sorted(read, key=str) == sorted(expected, key=str)
