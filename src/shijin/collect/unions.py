"""Joins the keys of one customer: a guest and an account that have one e-mail or one phone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shijin.arrays import Ints
from shijin.collect.values import distinct, is_true

_MOST_ACCOUNTS = 2  # an address of more accounts is a household's, a reseller's or a placeholder: it joins nobody


@dataclass(frozen=True)
class Keys:
    """The keys of n rows.

    Parameters
    ----------
    account : (n,) string
        The source's own id; null for a guest.
    addresses
        (n,) e-mails and phones, normalised; null where a row has none.
    key : (n,) string
        The id of the row by its own columns alone.
    """

    account: pa.Array
    addresses: tuple[pa.Array, ...]
    key: pa.Array


@dataclass(frozen=True)
class Union:
    """Customers after joining.

    Parameters
    ----------
    customer_id : (n,) string
    guests, accounts
        How many keys of guests became an account's, and how many accounts became another.
    shared
        How many addresses more than two accounts have.
    """

    customer_id: pa.Array
    guests: int
    accounts: int
    shared: int


def joined(keys: Keys, stored: pa.Array) -> Union:
    """Join the keys that share an address.

    Two accounts with one address are one customer, called by the account that is stored already, else by the first in
    alphabetical order. An address of more than two accounts joins nobody, and where addresses chain more than two
    accounts together, none of these is joined.

    Parameters
    ----------
    stored : (m,) string
        Accounts of earlier files.

    Examples
    --------
    >>> accounts, emails = pa.array([None, "7", "8", None]), pa.array(["a@x", "a@x", "b@x", "c@x"])
    >>> keys = Keys(accounts, (emails,), pa.array(["c_1", "7", "8", "c_3"]))
    >>> joined(keys, pa.array([], pa.string())).customer_id.to_pylist()
    ['7', '7', '8', 'c_3']
    """
    names, account = _numbered(keys.account)
    group, shared = _groups(account, keys.addresses, len(names))
    # The account of each group: the one that is stored, else the first by alphabet.
    order = pc.sort_indices(names).to_numpy() if len(names) else np.empty(0, np.int64)
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    is_stored = pc.is_in(names, value_set=stored).to_numpy(zero_copy_only=False) if len(names) else np.empty(0, bool)
    rank = place + np.where(is_stored, 0, len(names))
    best = np.full(int(group.max(initial=-1)) + 1, 2 * len(names), np.int64)
    of_account = _group_of_accounts(group, account, len(names))
    np.minimum.at(best, of_account, rank)
    chosen = np.where(best < 2 * len(names), best % max(len(names), 1), -1)
    row_choice = chosen[group]
    id_of_choice = names.take(pa.array(order)) if len(names) else names
    account_id = id_of_choice.take(pa.array(row_choice, mask=row_choice < 0))
    first_key = _first_keys(keys, group)
    customer = pc.coalesce(account_id, first_key)
    customer = pc.if_else(pc.is_valid(keys.key), customer, None)
    differs = is_true(pc.not_equal(customer, keys.key))
    is_guest = pc.is_null(keys.account)
    return Union(
        customer,
        guests=len(pc.unique(keys.key.filter(pc.and_(differs, is_guest)))),
        accounts=len(pc.unique(keys.key.filter(pc.and_(differs, pc.invert(is_guest))))),
        shared=shared,
    )


def _groups(account: Ints, addresses: tuple[pa.Array, ...], accounts: int) -> tuple[Ints, int]:
    """(n,) the group of each row, and how many addresses are shared by too many accounts."""
    n = len(account)
    offset = accounts
    edges, shared = [], 0
    nodes = [np.where(account >= 0, account, -1)]
    for column in addresses:
        names, address = _numbered(column)
        both = (address >= 0) & (account >= 0)
        pairs = np.unique(np.stack([address[both], account[both]]), axis=1)
        many = np.bincount(pairs[0], minlength=len(names)) > _MOST_ACCOUNTS
        shared += int(many.sum())
        keep = ~many[pairs[0]]
        edges.append(np.stack([pairs[0][keep] + offset, pairs[1][keep]]))
        nodes.append(np.where((address >= 0) & (account < 0), address + offset, -1))
        offset += len(names)
    # A guest with both addresses links them, unless the later one belongs to several of the first.
    for later in range(2, len(nodes)):
        both = (nodes[1] >= 0) & (nodes[later] >= 0)
        pairs = np.unique(np.stack([nodes[later][both], nodes[1][both]]), axis=1)
        of_one = np.bincount(pairs[0], minlength=offset)[pairs[0]] == 1
        edges.append(pairs[:, of_one])
    component = _components(np.concatenate(edges, axis=1) if edges else np.empty((2, 0), np.int64), offset, accounts)
    row_node = np.full(n, -1, np.int64)
    for node in reversed(nodes):
        row_node = np.where(node >= 0, node, row_node)
    group = np.where(row_node >= 0, np.append(component, -1)[row_node], -1)
    nobody = group < 0
    group[nobody] = component.max(initial=-1) + 1 + np.arange(int(nobody.sum()))
    return group, shared


def _components(edges: Ints, size: int, accounts: int) -> Ints:
    """(size,) the component of each node; those with too many accounts fall apart into their accounts."""
    if not size:
        return np.empty(0, np.int64)

    def labels(pairs: Ints) -> Ints:
        graph = coo_array((np.ones(pairs.shape[1], np.int8), (pairs[0], pairs[1])), shape=(size, size))
        return connected_components(graph, directed=False)[1].astype(np.int64)

    label = labels(edges)
    crowded = np.bincount(label[:accounts], minlength=size) > _MOST_ACCOUNTS
    if not crowded.any():
        return label
    # There, an address stays with its account only where it has no other one.
    to_account = edges[1] < accounts
    of_one = np.bincount(edges[0][to_account], minlength=size)[edges[0]] <= 1
    return labels(edges[:, ~crowded[label[edges[0]]] | of_one])


def _group_of_accounts(group: Ints, account: Ints, accounts: int) -> Ints:
    result = np.zeros(accounts, np.int64)
    inside = account >= 0
    result[account[inside]] = group[inside]
    return result


def _first_keys(keys: Keys, group: Ints) -> pa.Array:
    """(n,) the alphabetically first key of each row's group, of the rows with an e-mail where there are any."""
    later = pc.is_null(keys.addresses[0]) if keys.addresses else pa.scalar(value=False)
    ranked = pc.binary_join_element_wise(pc.if_else(later, "1", "0"), keys.key, "")
    rows = pa.table({"group": group, "key": ranked}).group_by("group").aggregate([("key", "min")])
    places = pc.index_in(pa.array(group), value_set=rows["group"].combine_chunks())
    return pc.utf8_slice_codeunits(rows["key_min"].combine_chunks().take(places), 1)


def _numbered(texts: pa.Array) -> tuple[pa.Array, Ints]:
    """Distinct texts, and the place of each row's among them, -1 for null."""
    values, rows = distinct(texts)
    return values, pc.fill_null(rows.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
