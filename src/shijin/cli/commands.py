"""How the command line writes its own flags and commands, and who reads what it prints.

Nothing below `cli` spells a flag or a command: sentences name them, and the reader made here writes them.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shijin.console.terminal import err
from shijin.words import LANGUAGES, Language, say
from shijin.words.reader import config_key
from shijin.workspace import Workspace
from shijin.workspace.folder import CONFIG_FILE

HERE = Path()  # where a workspace is looked for when none is named
WITHOUT_WORKSPACE = ("init", "demo")


@dataclass(frozen=True)
class AtTerminal:
    """Options are flags; verbs are commands that name the workspace as the reader reaches it.

    Parameters
    ----------
    workspace
        The shop's folder, from where the reader stands; `HERE` where the reader stands in it.
    is_there
        Whether the workspace exists for sure: then ``run`` with a file names it; else the file gets one of its own.

    Examples
    --------
    >>> reader = AtTerminal(Path("orders-shijin"))
    >>> reader.option("in_stock"), reader.option("shop.currency")
    ('--in-stock', '[shop] currency')
    >>> reader.command(["train", "--horizon", "30d"])
    'shijin train -w orders-shijin --horizon 30d'
    >>> AtTerminal(HERE).command(["train"]), reader.command(["init", "--workspace", "my shop"])
    ('shijin train', "shijin init --workspace 'my shop'")
    >>> reader.command(["run", "FILE"]), AtTerminal(Path("orders-shijin"), is_there=True).command(["run", "文件"])
    ('shijin run FILE', 'shijin run -w orders-shijin 文件')
    """

    workspace: Path = HERE
    is_there: bool = False

    def option(self, key: str, value: str | None = None) -> str:
        """Write a flag with its value, or a key of the config."""
        if "." in key:
            return config_key(key)
        flag = "--" + key.replace("_", "-")
        return flag if value is None else f"{flag} {value}"

    def command(self, words: Sequence[str]) -> str:
        """Write a command."""
        verb, *rest = words
        makes_one = verb in WITHOUT_WORKSPACE or (verb == "run" and bool(rest) and not self.is_there)
        named = makes_one or self.workspace == HERE
        place = [] if named else ["-w", str(self.workspace)]
        words = ["shijin", verb, *place, *rest]
        return " ".join(word if word.isidentifier() else shlex.quote(word) for word in words)


@dataclass
class Session:
    """Who reads what one command prints: in which language, and from where.

    Before a workspace is known, the language is that of the terminal.
    """

    language: Language
    reader: AtTerminal

    def open(self, root: Path) -> Workspace:
        """Open the workspace that a command is about; from now on its language is used."""
        self.reader = AtTerminal(root)
        return self.joined(Workspace.open(root))

    def create(self, root: Path, config: str | None = None) -> Workspace:
        """Make the workspace that a command is about, in the terminal's language, or open it where it is there."""
        self.reader = AtTerminal(root)
        is_new = not (root / CONFIG_FILE).exists()
        workspace = Workspace.create(root) if config is None else Workspace.create(root, config)
        if is_new and self.language != "en":
            workspace.set_shop("locale", self.language)  # the terminal's
        return self.joined(workspace)

    def joined(self, workspace: Workspace) -> Workspace:
        """Use the language of a workspace."""
        self.language = workspace.config.shop.locale
        workspace.waiting = self._waiting
        return workspace

    def _waiting(self) -> None:
        err.print(say("refusals.workspace.waiting", self.language), style="dim", soft_wrap=True)


def terminal_language() -> Language:
    """The language of the terminal: that of its locale where Shijin speaks it, English otherwise."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return next((language for language in LANGUAGES if named.startswith(language)), "en")


def report_reader(workspace: Workspace) -> AtTerminal:
    """The reader of the report, who works in the folder that contains the workspace, next to the order file."""
    return AtTerminal(Path(workspace.root.resolve().name), is_there=True)


session = Session(terminal_language(), AtTerminal())
