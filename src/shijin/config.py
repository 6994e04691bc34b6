"""``shijin.toml``, the settings of a shop. Every default in Shijin is here, once.

The file describes the *shop*, flags describe one *run*; a network's own parameters are in the card next to its weights.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from shijin.config_mistakes import MISTAKES
from shijin.errors import Choices, ConfigError, Phrase, refusing_in, suggestion
from shijin.words import LANGUAGES, Language

SCHEMA_VERSION: Literal[1] = 1
DEFAULT_HORIZON_DAYS = 90
WITHOUT_EFFECT = ("entity.name", "outcome.kind", "profiles.static", "fairness.groups")  # accepted for what is to come
MAX_HORIZON_DAYS = 3 * 366
StatusMeaning = Literal["sale", "void", "unpaid", "refund"]
STATUS_MEANINGS = ("sale", "void", "unpaid", "refund")
WeekStart = Literal["monday", "sunday"]


class Section(BaseModel):
    """A table of the file; an unknown key is an error, never silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShopSection(Section):
    """Who the shop is and when its days begin."""

    name: str = "my shop"
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    timezone: str = "UTC"
    week_start: WeekStart = "monday"
    locale: Language = "en"
    observed_until: date | None = None

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """Refuse a zone that does not exist, and name the nearest that does."""
        if value not in available_timezones():
            near = suggestion(value, sorted(available_timezones()))
            advice = near if near.code == "shared.did_you_mean" else Phrase("shared.name_a_zone")
            raise ConfigError("config.unknown_zone", key="shop.timezone", value=value, suggestion=advice)
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone whose midnights part the shop's days."""
        return ZoneInfo(self.timezone)


class EntitySection(Section):
    """What a customer is called where Shijin serves another field (patient, account)."""

    name: str = "customer"


class OutcomeSection(Section):
    """What is forecast, and how far ahead."""

    kind: Literal["spend"] = "spend"
    horizon: str | None = Field(default=None, description="such as 90d; a third of a short history where empty")

    @field_validator("horizon")
    @classmethod
    def readable(cls, value: str | None) -> str | None:
        """Refuse a horizon that cannot be read."""
        if value is not None:
            parse_horizon(value)
        return value


class CollectSection(Section):
    """How the shop's own files are to be read; empty where Shijin may guess."""

    map: dict[str, str] = Field(default_factory=dict, description='{customer_id = "user", ts = "paid_at", ...}')
    decimal: Literal[".", ","] | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    encoding: str | None = None
    statuses: dict[str, StatusMeaning] = Field(
        default_factory=dict, description='what the shop\'s own words for statuses mean: {parked = "unpaid"}'
    )
    join_keys: bool = Field(
        default=True, description="whether a guest and an account with one address are one customer"
    )
    max_bad_share: float = Field(default=0.05, ge=0, le=1)
    salt: str = Field(default="shijin", description="of the hash that stands for an e-mail or phone as customer_id")


class ProfilesSection(Section):
    """Profile columns without ``valid_from`` that never change, such as a birth year."""

    static: tuple[str, ...] = ()


class ItemsSection(Section):
    """Item codes that are no products. Each is a regular expression that must match the whole code or its name.

    Case is no matter but within ``(?-i:...)``.
    """

    charges: tuple[str, ...] = (
        r"POST(AGE)?( (&|AND) PACK(AG)?ING)?|P ?& ?P|DOTCOM POSTAGE|CARRIAGE",
        r"((standard|express|free|home|courier|international|next.day) )?(shipping|delivery|freight)"
        r"( (&|and) handling)?( (fee|cost|charge)s?)?",
        r"(handling|service|packing|packaging) (fee|cost|charge)s?",
        r"补?(运|邮|快递|配送|物流|包装|服务|手续)费(补?差价?|险)?|邮资|补(差价|差|邮)",
        r"BANK CHARGES|AMAZONFEE|(?-i:DOT|C2|CRUK)",
    )
    tests: tuple[str, ...] = (
        r"test\d*",
        r"(?-i:M|m|D|B|S)",
        r"ADJUST\d*",
        r"manual( correction)?|adjust(ment)?( by .*)?|bad debt",
    )


class TiersSection(Section):
    """How customers are divided by value.

    ``by = "quantile"``: cuts are shares of customers from the top (0.2, 0.5: the best fifth, the next three tenths).
    ``by = "share"``: cuts are shares of expected spend from the top. ``by = "money"``: cuts are expected spend a
    customer, falling.
    """

    by: Literal["quantile", "money", "share"] = "quantile"
    cuts: tuple[float, ...] = (0.2, 0.5)
    names: tuple[str, ...] = ("high", "normal", "low")

    @model_validator(mode="after")
    def consistent(self) -> Self:
        """One more name than cuts; cuts in order and in range."""
        if len(self.names) != len(self.cuts) + 1 or len(set(self.names)) != len(self.names):
            counts = {"cuts": len(self.cuts), "needed": len(self.cuts) + 1}
            raise ConfigError("config.names_do_not_fit_cuts", key="tiers.names", **counts, names=", ".join(self.names))
        falling = self.by == "money"
        ordered = all((a > b) if falling else (a < b) for a, b in zip(self.cuts, self.cuts[1:], strict=False))
        in_range = all(cut > 0 if falling else 0 < cut < 1 for cut in self.cuts)
        if not (ordered and in_range and self.cuts):
            code = "config.cuts_not_falling" if falling else "config.cuts_not_rising"
            raise ConfigError(code, key="tiers.cuts", by=self.by)
        return self


class ExportSection(Section):
    """Who is held out of a list, so that its effect can be measured."""

    holdout: float = Field(default=0.1, ge=0, lt=1)
    salt: str = "shijin"


class RecommendSection(Section):
    """How much of a list may explore."""

    explore: float = Field(default=0.0, ge=0, le=0.5)


class FairnessSection(Section):
    """Profile columns by which a backtest is also reported."""

    groups: tuple[str, ...] = ()


class EngineSection(Section):
    """Where tables are sorted and grouped."""

    kind: Literal["duckdb"] = "duckdb"
    memory: str = Field(default="2GB", pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB)$")
    threads: int = Field(default=2, ge=1, le=256)
    lock_wait_s: float = Field(
        default=60.0, ge=0, le=86_400, description="how long to wait while another process or thread writes"
    )


class Config(Section):
    r"""The whole of ``shijin.toml``.

    Examples
    --------
    >>> Config().tiers.names
    ('high', 'normal', 'low')
    >>> parse_config('[shop]\ncurency = "EUR"', "shijin.toml")
    Traceback (most recent call last):
    shijin.errors.ConfigError: shijin.toml [shop] curency: unknown key. Cure: did you mean 'currency'?
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    shop: ShopSection = ShopSection()
    entity: EntitySection = EntitySection()
    outcome: OutcomeSection = OutcomeSection()
    collect: CollectSection = CollectSection()
    profiles: ProfilesSection = ProfilesSection()
    items: ItemsSection = ItemsSection()
    tiers: TiersSection = TiersSection()
    export: ExportSection = ExportSection()
    recommend: RecommendSection = RecommendSection()
    fairness: FairnessSection = FairnessSection()
    engine: EngineSection = EngineSection()


def parse_config(text: str, where: str) -> Config:
    """Read the text of a ``shijin.toml``.

    Raises
    ------
    ConfigError
        When it is no TOML, holds an unknown key, or a value that cannot be.
    """
    with refusing_in(language_of(text)):
        try:
            return Config.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise _not_toml(error, where) from error
        except ValidationError as error:
            raise _first_mistake(error, where) from error


def without_effect(config: Config) -> list[str]:
    """The settings that a shop has made and that nothing reads yet.

    Examples
    --------
    >>> without_effect(parse_config("entity.name = 'patient'", "shijin.toml"))
    ['[entity] name']
    """
    made = []
    for key in WITHOUT_EFFECT:
        table, _, name = key.partition(".")
        if name in getattr(config, table).model_fields_set:
            made.append(f"[{table}] {name}")
    return made


def _not_toml(error: tomllib.TOMLDecodeError, where: str) -> ConfigError:
    """Refuse a file that is not TOML, with the place of the first mistake where the parser names one."""
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    if place is None:
        return ConfigError("config.not_toml_at_end", where)
    return ConfigError("config.not_toml", where, line=int(place[1]), column=int(place[2]))


def language_of(text: str) -> Language | None:
    r"""The language of a shop whose file cannot be read as a whole.

    Examples
    --------
    >>> language_of('[shop]\nlocale = "zh"\ntimezone = "Nowhere"'), language_of('# locale = "zh"')
    ('zh', None)
    """
    known = "|".join(LANGUAGES)
    line = re.search(rf"""^[^#\n]*\blocale\s*=\s*["']({known})["']""", text, re.MULTILINE)
    return next((language for language in LANGUAGES if line and line[1] == language), None)


def _first_mistake(error: ValidationError, where: str) -> ConfigError:
    """The first mistake of a file as a refusal: its place, its code, and the values of its sentence."""
    mistake = error.errors()[0]
    path, limits = [str(part) for part in mistake["loc"]], mistake.get("ctx", {})
    key, refused = ".".join(path), limits.get("error")
    if isinstance(refused, ConfigError):  # of a check in this file; one of a whole table names the key itself
        key = key if len(path) > 1 else refused.key
        return ConfigError(refused.code, _place(where, key), key=key, **refused.values)
    place = _place(where, key)
    if mistake["type"] == "extra_forbidden":
        known = suggestion(path[-1], _known_keys(path[:-1]))
        return ConfigError("config.unknown_key", place, key=key, suggestion=known)
    code = MISTAKES.get(f"{mistake['type']} {key}") or MISTAKES.get(mistake["type"])
    values = {"limit": next(iter(limits.values()), None), "message": mistake["msg"]}
    values["choices"] = Choices(re.split(r", (?=')| or ", limits.get("expected", "")))
    return ConfigError(code or "config.impossible_value", place, key=key, value=mistake["input"], **values)


def _place(where: str, key: str) -> str:
    """The file and a key of it, or one of its tables.

    Examples
    --------
    >>> _place("shijin.toml", "shop.name"), _place("shijin.toml", "shop"), _place("shijin.toml", "schema_version")
    ('shijin.toml [shop] name', 'shijin.toml [shop]', 'shijin.toml schema_version')
    """
    table, _, name = key.partition(".")
    is_table = table in Config.model_fields and table != "schema_version"
    return f"{where} {f'[{table}]' if is_table else table} {name}".rstrip()


def _known_keys(path: list[str]) -> list[str]:
    model: Any = Config
    for name in path:
        model = model.model_fields[name].annotation
    return list(model.model_fields)


def load_config(path: Path) -> Config:
    """Read ``shijin.toml``; a missing file is an empty one."""
    try:
        return parse_config(path.read_text("utf-8-sig"), str(path)) if path.exists() else Config()
    except UnicodeDecodeError as error:
        raise ConfigError("config.not_utf8", path) from error


def parse_horizon(text: str | int, key: str = "horizon") -> int:
    """Read a horizon such as ``90d``, ``12w``, ``6m`` (30 days each) or ``1y`` as whole days.

    Raises
    ------
    ConfigError
        When it cannot be read, or is not within 1 day .. three years.

    Examples
    --------
    >>> parse_horizon("90d"), parse_horizon("8w"), parse_horizon(30)
    (90, 56, 30)
    >>> parse_horizon("soon")
    Traceback (most recent call last):
    shijin.errors.ConfigError: horizon: 'soon' is not a length of time. Cure: write days such as 90d (or 12w, 6m, 1y).
    """
    match = re.fullmatch(r"\s*(\d+)\s*([dwmy]?)\s*", str(text).lower())
    if not match:
        raise ConfigError("config.not_a_length_of_time", key=key, value=text)
    days = int(match[1]) * {"": 1, "d": 1, "w": 7, "m": 30, "y": 365}[match[2]]
    if not 1 <= days <= MAX_HORIZON_DAYS:
        raise ConfigError("config.length_out_of_range", key=key, value=text, most=MAX_HORIZON_DAYS)
    return days
