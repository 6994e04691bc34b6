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
from shijin.cli.commands import AtTerminal, session
from shijin.cli.data import check, collect, feedback, init
from shijin.cli.lists import export, recommend, report
from shijin.cli.model import backtest, represent, score, train
from shijin.cli.whole import demo, run
from shijin.cli.wrong_call import language_at_start, wrong_call
from shijin.console.terminal import out, printable
from shijin.errors import ShijinError
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
    arguments = sys.argv[1:] or ["--help"]  # without arguments the help is what is wanted
    session.language, session.reader = language_at_start(arguments), AtTerminal()
    try:
        # Typer gives an exit code where a command ended early.
        sys.exit(app(arguments, standalone_mode=False))
    except ShijinError as error:
        _refuse(error, as_json="--json" in arguments)
    except typer.Abort:
        _end(say("console.stopped", session.language), code=130)
    except TyperException as error:
        verbs = [verb.__name__ for verb in VERBS]
        _refuse(wrong_call(error, arguments, verbs), as_json="--json" in arguments)


def _refuse(error: ShijinError, *, as_json: bool) -> None:
    language = error.language or session.language
    as_text = json.dumps(error.as_json(language), ensure_ascii=False)
    _end(as_text if as_json else error.line(language, session.reader), code=2)


def _end(line: str, code: int) -> None:
    print(printable(line), file=sys.stderr)  # noqa: T201  (one plain line, whatever the terminal)
    sys.exit(code)


def _version(show: bool) -> None:
    if show:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def shijin(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Show what every customer is worth, why, and what to do next."""


for verb in VERBS:
    app.command()(verb)
