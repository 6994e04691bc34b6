"""The command line: one command a verb. It parses, calls a step, and prints a table or JSON; it decides nothing.

Results go to standard output, what is said on the way to standard error. A refusal is one line there and exit code 2.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from shijin import __version__
from shijin.cli.data import check, collect, feedback, init
from shijin.cli.lists import export, recommend, report
from shijin.cli.model import backtest, represent, score, train
from shijin.cli.whole import demo, run
from shijin.console.terminal import out
from shijin.errors import ShijinError

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
    try:
        # Typer gives an exit code where a command ended early. Without arguments the help is what is asked for.
        sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))
    except ShijinError as error:
        _refuse(str(error))
    except typer.Abort:
        _refuse("stopped; what was finished is kept.", code=130)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "shijin"
        _refuse(f"{command}: {error.format_message().rstrip('.')}. Cure: see {command} --help.")


def _refuse(line: str, code: int = 2) -> None:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201  (one plain line, whatever the terminal)
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
