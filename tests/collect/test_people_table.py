"""A table of people is no table of orders, whatever is known of them."""

from pathlib import Path

import pytest

from collecting import read_file, values_of
from shijin.errors import SourceError

PEOPLE = {
    "labels": ("用户ID,年龄,性别,职业,购买频率,value", "u{n},30,男,职员,1,高价值"),
    "a label to learn": ("user_id,age,gender,city,label", "u{n},30,f,Oslo,1"),
    "churn": ("customerID,gender,tenure,MonthlyCharges,TotalCharges,Churn", "u{n},f,9,20.5,{n}00.1,No"),
    "recency and frequency": ("customer_id,recency,frequency,monetary", "u{n},9,3,{n}00"),
    "incomes": ("CustomerID,Genre,Age,Annual Income (k$),Spending Score (1-100)", "{n},Male,19,15,39"),
    "a key called id": ("ID,Year_Birth,Education,Marital_Status,Income", "{n},1970,PhD,Single,58000"),
    "addresses": ("Email,First Name,Total Spent,Total Orders,Tags", "a{n}@x.org,Ann,99,3,vip"),
    "counts of orders": ("Customer ID,Name,Email,Total Spent,Orders", "{n},Ann,a{n}@x.org,99,3"),
    "a day of signing up": ("customer_id,name,gender,birthday,signup_date", "u{n},Ann,f,1990-01-02,2023-01-02"),
    "a sum of a life": ("会员编号,姓名,性别,注册时间,会员等级,累计消费", "u{n},王五,女,2023-01-02,金卡,99"),
    "the last order": ("customer_id,age,last_purchase_date,total_spend,segment", "u{n},30,2023-01-02,99,A"),
}


@pytest.mark.parametrize(("header", "row"), PEOPLE.values(), ids=PEOPLE)
def test_a_table_of_people_is_refused_as_such(header: str, row: str, tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"this is a table of people, one row for each customer.*collect the shop's order"
    ):
        read_file(tmp_path, "\n".join([header, *(row.format(n=n) for n in range(1, 20))]))


ORDERS = {
    "one order each, with ages": ("customer_id,order_date,total,age,gender", "u{n},2023-01-02,9,30,f"),
    "one order each, with values": ("customer_id,date,value,segment,country", "u{n},2023-01-02,9,A,NO"),
    "one order each, of the sum spent": ("customer_id,date,total_spent,country,age", "u{n},2023-01-02,9,NO,30"),
}


@pytest.mark.parametrize(("header", "row"), ORDERS.values(), ids=ORDERS)
def test_a_file_with_one_order_for_each_customer_is_read(header: str, row: str, tmp_path: Path) -> None:
    collected = read_file(tmp_path, "\n".join([header, *(row.format(n=n) for n in range(1, 20))]))
    assert values_of(collected, "type", "amount") == 19 * [("order", 9.0)]


NO_TIME = {
    "customers come again": ("customer_id,age,gender,total", "u{half},30,f,9"),
    "it has orders": ("order_id,customer_id,age,gender,total", "{n},u{n},30,f,9"),
    "it has what was bought": ("Customer ID,Age,Gender,Item Purchased,Purchase Amount (USD)", "{n},30,f,Blouse,53"),
}


@pytest.mark.parametrize(("header", "row"), NO_TIME.values(), ids=NO_TIME)
def test_orders_without_a_time_are_no_table_of_people(header: str, row: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no time column"):
        read_file(tmp_path, "\n".join([header, *(row.format(n=n, half=n // 2) for n in range(1, 20))]))
