"""Who bought: the customer of each row, by the first column that identifies people, and their contacts.

Masked values and words such as "guest" identify nobody. A person's name is the customer only where no other column can
be. `unions` then joins a guest and an account that have one e-mail or phone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.identity import customer_keys, normal_email, normal_phone
from shijin.collect.mapped import MappedSource
from shijin.collect.masks import is_guest, is_masked, is_nobody
from shijin.collect.person_names import are_names, are_short, names_of
from shijin.collect.rounded import is_scientific
from shijin.collect.unions import Keys, joined
from shijin.collect.values import all_false, flagged, is_true, share_of
from shijin.errors import SourceError
from shijin.prepare.findings import finding

_NEW_EACH_ORDER = 0.95
_REPEATING = 0.9
_ENOUGH_ORDERS = 20
_SPOILING = 0.5
_HASH = r"^c_[0-9a-f]{24}$"
_PLACEHOLDER = re.compile(
    r"^(noreply|no-reply|donotreply|none|na|n/a|test|guest|unknown|nomail|noemail)@|^\+?(\d)\2{5,}$|^1?2345678"
)


@dataclass(frozen=True)
class People:
    """The customer of each of n rows.

    Parameters
    ----------
    key : (n,) string
        The id of the row by its own columns alone, null for nobody. Ids of events are made of it, so that a join of
        customers can be undone.
    customer_id : (n,) string
        After joining.
    contact
        (n,) columns of CONTACTS by name; they never reach a model.
    columns
        The columns that identify people, by role.
    reason : (n,) string
        Why a row has no customer; null where it has.
    renamed
        Stored ids, and the customer that each now is, as a table of ``old`` and ``new``.
    findings
        What was noticed.
    """

    key: pa.Array
    customer_id: pa.Array
    contact: Mapping[str, pa.Array]
    columns: Mapping[str, tuple[str, ...]]
    reason: pa.Array
    renamed: pa.Table
    findings: tuple[dict[str, Any], ...]


def people_of(source: MappedSource, order_id: pa.Array, contacts: pa.Table | None) -> People:
    """Find the customer of each row.

    Parameters
    ----------
    order_id : (n,) string
    contacts
        CONTACTS of earlier files; None where there are none.

    Raises
    ------
    SourceError
        When every value that could identify people is masked.
    """
    reader = _Reader(source, order_id, len(order_id))
    email = reader.addresses("email", normal_email)
    phone = reader.addresses("phone", normal_phone)
    account = reader.accounts(email)
    if account is None and email is None and phone is None:
        account = reader.names()
    reader.refuse_all_masked(account, email, phone)
    return _united(reader, account, email, phone, contacts)


@dataclass
class _Reader:
    """Reads the columns of people, and gathers what was noticed."""

    source: MappedSource
    order_id: pa.Array
    n: int
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    masked: dict[str, int] = field(default_factory=dict)  # values that are masked, by column
    hidden: pa.Array | None = None  # (n,) rows in which a column is masked
    names_beside: list[pa.Array] = field(default_factory=list)  # (n,) names in columns that could have held ids

    def usable(self, column: str, texts: pa.Array) -> pa.Array:
        """Values of a column that can identify people."""
        masked = is_masked(texts)
        if count := pc.sum(masked).as_py():
            self.masked[column] = count
            self.hidden = masked if self.hidden is None else pc.or_(self.hidden, masked)
        return pc.if_else(pc.or_(masked, is_nobody(texts)), None, texts)

    def addresses(self, role: str, normalised: Any) -> pa.Array | None:  # noqa: ANN401
        """(n,) addresses of a role, of the first column with one, row by row; None where there are none."""
        columns = self.source.roles.get(role, ())
        values = [
            normalised(pc.if_else(is_scientific(texts), None, self.usable(column, texts)))
            for column, texts in zip(columns, self.source.texts(role), strict=True)
        ]
        if not values:
            return None
        address = pc.coalesce(*values)
        if address.null_count == self.n:
            return None
        self.columns[role] = columns
        return address

    def accounts(self, email: pa.Array | None) -> pa.Array | None:
        """(n,) ids of the source's own, null for guests; None where no column has any."""
        candidates = {
            column: self.usable(column, texts)
            for column, texts in zip(
                self.source.roles.get("customer_id", ()), self.source.texts("customer_id"), strict=True
            )
        }
        if self.source.is_declared and candidates:  # the format says which id counts first
            self.columns["customer_id"] = tuple(candidates)
            return pc.coalesce(*candidates.values())
        is_mapped = "customer_id" in self.source.mapped
        there = {name: texts for name, texts in candidates.items() if is_mapped or self._has_ids(name, texts)}
        if not there:
            return None
        column = next(iter(there))
        if not is_mapped:
            column = self._repeating(column, there, email)
        if column not in there:  # the e-mail repeats where the ids do not
            return None
        self.columns["customer_id"] = (column,)
        texts = there[column]
        if not is_mapped and are_names(column, texts):
            self._note_names(column, texts)
        return texts

    def _has_ids(self, column: str, texts: pa.Array) -> bool:
        """Whether a column has ids of most of its values, and these are no names next to a better key."""
        if texts.null_count == self.n or self.masked.get(column, 0) * 2 > self.n:
            return False
        others = any(role in self.source.roles for role in ("email", "phone"))
        if others and are_names(column, texts) and not self._is_only_key(column):
            self.names_beside.append(texts)
            return False
        return True

    def _is_only_key(self, column: str) -> bool:
        """Whether no e-mail or phone has a value where a column of names has."""
        texts = [text for role in ("email", "phone") for text in self.source.texts(role)]
        filled = share_of(pc.is_valid(pc.coalesce(*texts))) if texts else 0.0
        return filled < 1 - _SPOILING

    def _repeating(self, column: str, there: Mapping[str, pa.Array], email: pa.Array | None) -> str:
        """The column whose ids come back, where the first column's are new with every order."""
        orders = _distinct(self.order_id) if self.order_id.null_count < self.n else self.n
        own = _distinct(pc.if_else(is_guest(there[column]), None, there[column]))
        if orders < _ENOUGH_ORDERS or own < _NEW_EACH_ORDER * orders:
            return column
        others = {name: _distinct(texts) for name, texts in there.items() if name != column}
        others |= {} if email is None else {self.columns["email"][0]: _distinct(email)}
        others = {name: count for name, count in others.items() if 1 < count < _REPEATING * own}
        if not others:
            return column
        better = next(iter(others))
        share = 1 - others[better] / own
        self.notes.append(
            finding("id_new_each_order", "warns", own, share, column=column, other=better, people=others[better])
        )
        return better

    def names(self) -> pa.Array | None:
        """(n,) names of people, where nothing else identifies them."""
        for role in ("person", "first_name"):
            for column, texts in zip(self.source.roles.get(role, ()), self.source.texts(role), strict=True):
                if role == "first_name" and "last_name" in self.source.roles:
                    last = self.source.text("last_name")
                    texts = pc.coalesce(pc.binary_join_element_wise(texts, last, " "), last, texts)
                values = self.usable(column, texts)
                if values.null_count < self.n and self.masked.get(column, 0) * 2 <= self.n:
                    self.columns[role] = (column,)
                    self._note_names(column, values)
                    return values
        return None

    def _note_names(self, column: str, values: pa.Array) -> None:
        names = pc.unique(values).drop_null()
        short = pc.sum(are_short(names)).as_py() or 0
        code = "short_names_as_customers" if 2 * short > len(names) else "names_as_customers"
        self.notes.append(finding(code, "warns", self.n - values.null_count, 1.0, column=column, names=len(names)))

    def refuse_all_masked(self, *keys: pa.Array | None) -> None:
        """Refuse a source in which masks leave no customer at all."""
        there = [key for key in keys if key is not None]
        if self.masked and (not there or pc.coalesce(*there).null_count == self.n):
            column = max(self.masked, key=lambda name: self.masked[name])
            raise SourceError("collect.all_customers_masked", self.source.raw.name, column=column)


def _united(
    reader: _Reader, account: pa.Array | None, email: pa.Array | None, phone: pa.Array | None, contacts: pa.Table | None
) -> People:
    """Compute keys, join them, and say what was joined and what was masked."""
    n, config = reader.n, reader.source.config
    if account is not None:
        # Where nothing else can identify a guest, the word for guests stays what it is.
        account = pc.if_else(is_guest(account), None, account) if email is not None or phone is not None else account
        as_email = normal_email(account)
        email = as_email if email is None else pc.coalesce(as_email, email)
        account = pc.if_else(pc.is_valid(as_email), None, account)
    email = None if email is None or email.null_count == n else email
    keys = [one for one in (account, email, phone) if one is not None]
    key = customer_keys(account, email, phone, config) if keys else pa.nulls(n, pa.string())
    customer, renamed = key, _renamed([], [])
    if config.collect.join_keys and (email is not None or phone is not None):
        customer, renamed = _joined(reader, account, email, phone, key, contacts)
    _note_masked(reader, key)
    hidden = reader.hidden if reader.hidden is not None else all_false(n)
    nobody = pc.if_else(hidden, "masked_customer", "no_customer")
    return People(
        key=key,
        customer_id=customer,
        contact=_contact(reader, email, phone),
        columns=reader.columns,
        reason=pc.if_else(pc.is_null(key), nobody, None),
        renamed=renamed,
        findings=tuple(reader.notes),
    )


def _joined(
    reader: _Reader,
    account: pa.Array | None,
    email: pa.Array | None,
    phone: pa.Array | None,
    key: pa.Array,
    contacts: pa.Table | None,
) -> tuple[pa.Array, pa.Table]:
    """Join the keys of the source, and of earlier files, that share an address."""
    n, nothing = reader.n, pa.nulls(reader.n, pa.string())
    columns = [nothing if one is None else one for one in (account, email, phone, key)]
    stored = pa.array([], pa.string())
    if contacts is not None and contacts.num_rows:
        old = contacts["customer_id"].combine_chunks()
        stored = old
        is_hash = pc.match_substring_regex(old, _HASH)
        earlier = [
            pc.if_else(is_hash, None, old),
            *(contacts[name].combine_chunks() for name in ("email", "phone")),
            old,
        ]
        columns = [pa.concat_arrays([one, two]) for one, two in zip(columns, earlier, strict=True)]
    account, email, phone, key = columns
    addresses = tuple(_without_placeholders(one) for one in (email, phone))
    union = joined(Keys(account, addresses, key), stored)
    if union.guests or union.accounts:
        rows = pc.sum(is_true(pc.not_equal(union.customer_id, key)).slice(0, n)).as_py() or 0
        share = rows / max(n, 1)
        reader.notes.append(finding("keys_joined", "notes", rows, share, guests=union.guests, accounts=union.accounts))
    if union.shared:
        reader.notes.append(finding("shared_contacts", "notes", union.shared, 0.0))
    old, new = key.slice(n), union.customer_id.slice(n)
    moved = is_true(pc.not_equal(old, new))
    return union.customer_id.slice(0, n), _renamed(old.filter(moved), new.filter(moved))


def _without_placeholders(addresses: pa.Array) -> pa.Array:
    """Addresses that people have; those that stand for none join nobody."""
    return pc.if_else(flagged(addresses, lambda text: _PLACEHOLDER.search(text) is not None), None, addresses)


def _renamed(old: Any, new: Any) -> pa.Table:  # noqa: ANN401
    return pa.table({"old": pa.array(old, pa.string()), "new": pa.array(new, pa.string())})


def _note_masked(reader: _Reader, key: pa.Array) -> None:
    """Name the columns that are masked, and how many rows have no other customer."""
    if not reader.masked:
        return
    lost = pc.sum(pc.and_(pc.is_null(key), reader.hidden)).as_py() or 0
    severity = "spoils" if lost > _SPOILING * reader.n else "warns" if lost else "notes"
    columns = ", ".join(reader.masked)
    used = ", ".join(name for names in reader.columns.values() for name in names if name not in reader.masked)
    share = lost / max(reader.n, 1)
    values = sum(reader.masked.values())
    reader.notes.append(
        finding("masked_people", severity, lost, share, columns=columns, values=values, used=used or "-")  # type: ignore[arg-type]
    )


def _contact(reader: _Reader, email: pa.Array | None, phone: pa.Array | None) -> dict[str, pa.Array]:
    """Columns of CONTACTS by name."""
    source, contact = reader.source, {}
    if email is not None:
        contact["email"] = email
    if phone is not None:
        contact["phone"] = phone
    for role in ("first_name", "last_name", "country"):
        if role in source.roles:
            contact[role] = source.text(role)
    people = [*source.texts("person"), *reader.names_beside]
    if people and not {"first_name", "last_name"} & set(source.roles):
        whole = pc.coalesce(*people)
        contact |= names_of(pc.if_else(is_masked(whole), None, whole))
    return contact


def _distinct(texts: pa.Array) -> int:
    return int(pc.count_distinct(texts).as_py())
