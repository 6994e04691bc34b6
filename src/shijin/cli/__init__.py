"""The command line: one command a verb. It parses, calls a step, and prints a table or JSON; it decides nothing.

Results go to standard output, remarks to standard error. A refusal is one line there and exit code 2.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from shijin import __version__
from shijin.cli.commands import AtTerminal, session, terminal_language
from shijin.cli.data import check, collect, feedback, init
from shijin.cli.lists import export, recommend, report
from shijin.cli.model import backtest, represent, score, train
from shijin.cli.whole import demo, run
from shijin.console.terminal import out
from shijin.errors import ConfigError, ShijinError
from shijin.words import say

# In the order of the chain, as --help has them.
VERBS = (init, collect, check, train, backtest, score, represent, recommend, feedback, export, report, run, demo)

app = typer.Typer(
    name="shijin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Shijin（试金）: what every customer is worth, why, and what to do next.\n\n"
    "Try [bold]shijin run orders.csv[/bold], or [bold]shijin demo --simulated[/bold] without a file of your own.",
    epilog="Every command takes --workspace DIR and --json, and has its own --help with an example.",
)


def main() -> None:
    """Run the command line; every refusal is one line and exit code 2."""
    session.language, session.reader = terminal_language(), AtTerminal()
    arguments = sys.argv[1:] or ["--help"]  # without arguments the help is what is wanted
    try:
        # Typer gives an exit code where a command ended early.
        sys.exit(app(arguments, standalone_mode=False))
    except ShijinError as error:
        _refuse(error, as_json="--json" in arguments)
    except typer.Abort:
        _end(say("console.stopped", session.language), code=130)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "shijin"
        wrong = ConfigError("cli.wrong_call", command, problem=error.format_message().rstrip("."), command=command)
        _refuse(wrong, as_json="--json" in arguments)


def _refuse(error: ShijinError, *, as_json: bool) -> None:
    as_text = json.dumps(error.as_json(session.language), ensure_ascii=False)
    _end(as_text if as_json else error.line(session.language, session.reader), code=2)


def _end(line: str, code: int) -> None:
    print(line, file=sys.stderr)  # noqa: T201  (one plain line, whatever the terminal)
    sys.exit(code)


def _version(show: bool) -> None:
    if show:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def shijin(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Say what every customer is worth, why, and what to do next."""


for verb in VERBS:
    app.command()(verb)
