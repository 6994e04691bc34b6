"""How currencies are written: codes, signs that one has, and signs that several share."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

_TABLE = tomllib.loads((files("shijin.collect") / "currencies.toml").read_text("utf-8"))
CODES = frozenset(_TABLE["codes"].split())
THREE_DECIMALS = frozenset(_TABLE["three_decimals"].split())
NO_DECIMALS = frozenset(_TABLE["no_decimals"].split())
_NAMES: dict[str, str] = {name: code for code, names in _TABLE["names"].items() for name in names.split()}
# The shared signs, each with the currencies that have it.
SHARED: dict[str, frozenset[str]] = {sign: frozenset(codes.split()) for sign, codes in _TABLE["shared"].items()}


def name_of(sign: str) -> str:
    """The code of a sign or word that one currency has; else the sign itself, in capitals and without a full stop.

    Examples
    --------
    >>> name_of("€"), name_of("rmb"), name_of("usd"), name_of("$"), name_of("Kr."), name_of("￥")
    ('EUR', 'CNY', 'USD', '$', 'KR', '¥')
    """
    small = sign.strip().lower().replace("￥", "¥")
    return _NAMES.get(small) or _NAMES.get(small.rstrip(".")) or small.rstrip(".").upper()


def may_be(name: str, code: str) -> bool:
    """Whether a name, as `name_of` returns it, can be that of a currency.

    Examples
    --------
    >>> may_be("$", "CAD"), may_be("$", "EUR"), may_be("EUR", "EUR")
    (True, False, True)
    """
    return name == code or code in SHARED.get(name.lower(), ())


# Any of them, longer ones first: "euros" is not EUR and a rest.
_ANY = sorted({*CODES, *_NAMES, *SHARED, "￥"}, key=lambda sign: (-len(sign), sign))
PATTERN = "(?i:" + "|".join(re.escape(sign) for sign in _ANY) + ")"
