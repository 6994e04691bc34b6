"""The customers, items and tiers that a shop knows: feedback about others is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.identity import customer_keys
from shijin.collect.mapped import MappedSource
from shijin.prepare.clean import plain

PEOPLE = ("customer_id", "email", "phone")


@dataclass(frozen=True)
class KnownIds:
    """The customers, items and tiers that a shop knows.

    Parameters
    ----------
    customers : (n,) string
    items : (m,) string
    tiers
        The names in ``[tiers]``, by every word for them, as `plain` writes it.
    addressed : (a,) string
        Addresses, as `identity.hashed` writes them.
    customer_of : (a,) string
        The customer of each address.
    """

    customers: pa.Array
    items: pa.Array
    tiers: Mapping[str, str]
    addressed: pa.Array
    customer_of: pa.Array

    def customers_of(self, source: MappedSource) -> pa.Array:
        """(n,) customer ids as in the orders; an address leads to the customer whose contact has it."""
        keys, email, phone = (source.text(role) if role in source.roles else None for role in PEOPLE)
        ids = customer_keys(keys, email, phone, source.config)
        # index_in is null for an unknown address, and take then gives null.
        by_address = self.customer_of.take(pc.index_in(ids, value_set=self.addressed))
        return pc.if_else(is_among(ids, self.customers), ids, pc.coalesce(by_address, ids))

    def tiers_of(self, words: pa.Array) -> pa.Array:
        """(n,) names of tiers, null where a word means none of them."""
        encoded = words.dictionary_encode()
        names = [self.tiers.get(plain(word)) for word in encoded.dictionary.to_pylist()]
        return pa.array(names, pa.string()).take(encoded.indices)


def is_among(values: pa.Array, known: pa.Array) -> pa.Array:
    """Whether each value is one of the known ones; false for null."""
    return pc.and_(pc.is_valid(values), pc.is_in(values, value_set=known))
