"""Calls that the command line cannot take: Typer's errors as refusals of the catalogue, in the shop's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from typer.exceptions import TyperException

from shijin.cli.commands import HERE, terminal_language
from shijin.config import language_of
from shijin.errors import ConfigError, Phrase, suggestion
from shijin.words import Language
from shijin.workspace.folder import CONFIG_FILE

# The sentence for a value that is not of the type of its option, by what pydantic finds.
NOT_OF_TYPE = {"int_parsing": "steps.not_a_whole_number", "float_parsing": "cli.not_a_number"}


def language_at_start(arguments: Sequence[str]) -> Language:
    """The language of the workspace that a call names, where there is one; else that of the terminal."""
    config = _workspace_of(arguments) / CONFIG_FILE
    try:
        return language_of(config.read_text("utf-8-sig")) or terminal_language()
    except (OSError, UnicodeDecodeError):
        return terminal_language()


def wrong_call(error: TyperException, arguments: Sequence[str], verbs: Sequence[str]) -> ConfigError:
    """The refusal that stands for an error of Typer.

    Parameters
    ----------
    arguments
        Of the call.
    verbs
        The commands that there are.
    """
    command = " ".join(["shijin", *(word for word in arguments[:1] if word in verbs)])
    find = {
        "NoSuchOption": _no_such_option,
        "BadOptionUsage": _value_missing_or_surplus,
        "MissingParameter": _argument_missing,
        "BadParameter": _not_of_type,
        "UsageError": _surplus,
    }.get(type(error).__name__)
    refusal = find(error, command, verbs) if find else None
    return refusal or ConfigError("cli.wrong_call", command, problem=error.format_message(), command=command)


def _no_such_option(error: Any, command: str, verbs: Sequence[str]) -> ConfigError:  # noqa: ANN401
    del verbs
    near = [Phrase("shared.near_or_help", near=name, command=command) for name in error.possibilities or ()]
    advice = near[0] if near else Phrase("shared.see_help", command=command)
    return ConfigError("cli.no_such_flag", command, flag=error.option_name, advice=advice)


def _value_missing_or_surplus(error: Any, command: str, verbs: Sequence[str]) -> ConfigError:  # noqa: ANN401
    del verbs
    code = "cli.flag_takes_no_value" if "not take" in error.message else "cli.flag_needs_value"
    return ConfigError(code, command, flag=error.option_name, command=command)


def _argument_missing(error: Any, command: str, verbs: Sequence[str]) -> ConfigError:  # noqa: ANN401
    del verbs
    return ConfigError("cli.argument_missing", command, name=error.param.name.upper(), command=command)


def _not_of_type(error: TyperException, command: str, verbs: Sequence[str]) -> ConfigError | None:
    del command, verbs
    cause, option = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or option is None:
        return None
    mistake = cause.errors()[0]
    code = NOT_OF_TYPE.get(mistake["type"])
    return ConfigError(code, key=option.name, value=mistake["input"]) if code else None


def _surplus(error: TyperException, command: str, verbs: Sequence[str]) -> ConfigError | None:
    """An unknown command, or arguments that a command does not take."""
    unknown = re.match(r"No such command '([^']*)'", error.message)
    if unknown:
        return ConfigError("cli.no_such_command", command, name=unknown[1], suggestion=suggestion(unknown[1], verbs))
    surplus = re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", error.message)
    return ConfigError("cli.surplus", command, words=surplus[1], command=command) if surplus else None


def _workspace_of(arguments: Sequence[str]) -> Path:
    """The folder that a call names, before the call is parsed.

    Examples
    --------
    >>> _workspace_of(["score", "-w", "my-shop"]), _workspace_of(["score", "--workspace=my-shop"]), _workspace_of([])
    (PosixPath('my-shop'), PosixPath('my-shop'), PosixPath('.'))
    """
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if word in ("-w", "--workspace"):
            return Path(following)
        if word.startswith("--workspace="):
            return Path(word.partition("=")[2])
    return HERE
