"""Keys of one customer are joined by their addresses, as a search through all rows would join them."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect.unions import Keys, Union, joined

Row = tuple[str | None, str | None, str | None]
NOBODY = pa.array([], pa.string())


def unite(rows: list[Row], stored: pa.Array = NOBODY) -> Union:
    accounts, emails, phones = (pa.array(column, pa.string()) for column in zip(*rows, strict=True))
    keys = [account or (email and f"c_{email}") or (phone and f"c_{phone}") for account, email, phone in rows]
    return joined(Keys(accounts, (emails, phones), pa.array(keys, pa.string())), stored)


def brute_force(rows: list[Row]) -> list[str | None]:
    """Customers by repeated comparison of all rows, for rows in which no address has several accounts."""
    ids = [account or (email and f"c_{email}") or (phone and f"c_{phone}") for account, email, phone in rows]
    groups = list(range(len(rows)))
    changed = True
    while changed:
        changed = False
        for one, (account, email, phone) in enumerate(rows):
            for two, (other, their_email, their_phone) in enumerate(rows):
                same = (
                    (account and account == other)
                    or (email and email == their_email)
                    or (phone and phone == their_phone)
                )
                if same and groups[one] != groups[two]:
                    groups = [min(groups[one], groups[two]) if g in (groups[one], groups[two]) else g for g in groups]
                    changed = True
    result: list[str | None] = []
    for group, id in zip(groups, ids, strict=True):
        members = [place for place, one in enumerate(groups) if one == group]
        accounts = sorted(account for place in members if (account := rows[place][0]))
        emails = sorted(f"c_{email}" for place in members if (email := rows[place][1]) and not rows[place][0])
        result.append(None if id is None else (accounts or emails or [id])[0])
    return result


# Each person has one account, one e-mail and one phone, and shows some of them in each row.
shown = st.tuples(st.integers(0, 5), st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=150)
@given(st.lists(shown, min_size=1, max_size=25))
def test_people_who_show_some_of_their_keys_are_joined_as_by_comparing_all_rows(
    people: list[tuple[int, bool, bool, bool]],
) -> None:
    rows: list[Row] = [
        (f"a{who}" if account else None, f"e{who}@x" if email else None, f"p{who}" if phone else None)
        for who, account, email, phone in people
    ]
    assert unite(rows).customer_id.to_pylist() == brute_force(rows)


def test_a_guest_and_an_account_with_one_email_are_one_customer_in_any_order_of_rows() -> None:
    rows: list[Row] = [(None, "a@x", None), ("7", "a@x", None), (None, "b@x", None)]
    assert unite(rows).customer_id.to_pylist() == ["7", "7", "c_b@x"]
    assert unite(rows[::-1]).customer_id.to_pylist() == ["c_b@x", "7", "7"]


def test_two_accounts_with_one_address_are_one_customer_the_stored_one_first() -> None:
    rows: list[Row] = [("7", "a@x", None), ("5", "a@x", None)]
    assert unite(rows).customer_id.to_pylist() == ["5", "5"]
    assert unite(rows, pa.array(["7"])).customer_id.to_pylist() == ["7", "7"]


def test_an_address_of_more_than_two_accounts_joins_nobody() -> None:
    union = unite([("1", "till@x", None), ("2", "till@x", None), ("3", "till@x", None), (None, "till@x", None)])
    assert union.customer_id.to_pylist() == ["1", "2", "3", "c_till@x"]
    assert union.shared == 1


def test_addresses_that_chain_more_than_two_accounts_join_none_of_them() -> None:
    rows: list[Row] = [
        ("1", "a@x", None),
        ("2", "a@x", "22222"),
        ("3", None, "22222"),
        (None, "c@x", None),
        ("3", "c@x", None),
    ]
    assert unite(rows).customer_id.to_pylist() == ["1", "2", "3", "3", "3"]


def test_rows_without_any_key_stay_nobody() -> None:
    assert unite([(None, None, None), ("1", None, None), (None, None, None)]).customer_id.to_pylist() == [
        None,
        "1",
        None,
    ]
