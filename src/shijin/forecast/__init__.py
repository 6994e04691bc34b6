"""Ways to forecast: formulas, buy-till-you-die, boosting, the behaviour model and their stack; how they are judged.

The room is a verb as well: ``shijin.forecast(orders, "90d")`` is `shijin.begin.forecast`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """The package, callable. The call climbs to the top of the house, so it is looked up only when it is made."""

    def __call__(self, *orders: Any, **options: Any) -> Any:  # noqa: ANN401
        return import_module("shijin.begin").forecast(*orders, **options)


sys.modules[__name__].__class__ = _Verb
