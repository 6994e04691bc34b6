"""Ways to forecast: formulas, buy-till-you-die, boosting, the behaviour model and their stack; how they are judged.

The room is a verb as well: ``shijin.forecast(orders, "90d")`` is `shijin.begin.forecast`, whose signature and docstring
it shows.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


def _verb() -> Callable[..., Any]:
    """Climb to the top of the house: only when somebody calls the room or asks how."""
    return import_module("shijin.begin").forecast


class _Verb(ModuleType):
    """The package, callable."""

    def __call__(self, *orders: Any, **options: Any) -> Any:  # noqa: ANN401
        """See `shijin.begin.forecast`."""
        return _verb()(*orders, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_verb())

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return _verb().__doc__


sys.modules[__name__].__class__ = _Verb
