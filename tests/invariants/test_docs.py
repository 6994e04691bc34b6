"""What the documents say is so: every block of code runs as it stands, every link leads somewhere, nothing is stale."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import typer

from shijin import schema
from shijin.cli import app
from shijin.config import Config, parse_config

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUNS_IN_A_CLONE = re.compile(r"(make|pip install|pre-commit|git|shijin|python|\.venv/bin/\w+|\.ci/run)\b")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text, the line where it begins."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in BLOCK.finditer(text)]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the examples in it, and this environment's commands on the path."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb", "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def run_page(page: Path) -> Iterator[tuple[Block, str]]:
    """Run a page from top to bottom in the present folder; gives the text blocks with the output so far."""
    namespace: dict[str, object] = {}
    printed = ""
    for block in blocks(page):
        where = f"{page.name} line {block.line}"
        if block.language == "console":
            for command in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE):
                done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
                assert done.returncode == 0, f"{where}: {command}\n{done.stderr}"
                printed += done.stderr + done.stdout
        elif block.language == "python":
            exec(compile(block.text, where, "exec"), namespace)
        elif block.language == "text":
            yield block, printed


def without_figures(text: str) -> list[str]:
    """Lines with every figure as # and no white space, so that a digit that differs on another machine is no matter."""
    return [re.sub(r"\s+", "", re.sub(r"[-+±]?\d[\d,.]*", "#", line)) for line in text.splitlines() if line.strip()]


def test_the_tutorial_runs_as_it_stands_and_prints_what_it_says(elsewhere: Path) -> None:
    shown = 0
    for block, printed in run_page(ROOT / "docs" / "tutorial.md"):
        lines, there = without_figures(block.text), without_figures(printed)
        assert lines
        assert [line for line in lines if line not in there] == [], f"tutorial line {block.line}"
        shown += 1
    assert shown >= 4
    assert (elsewhere / "orders-shijin" / "report.html").exists()
    assert (elsewhere / "list.csv").exists()


def test_the_readme_runs_as_it_stands(elsewhere: Path) -> None:
    write_plain_orders(elsewhere)
    assert list(run_page(ROOT / "README.md")) == []
    assert (elsewhere / "orders-shijin" / "report.html").exists()


def write_plain_orders(folder: Path) -> None:
    """The example's orders as a plain file, such as a reader of the README may have."""
    subprocess.run([sys.executable, "examples/write_orders.py", "strange.csv"], cwd=folder, check=True)
    orders = pd.read_csv(folder / "strange.csv", sep=";", decimal=",", dtype={"Customer no": str}).dropna()
    names = {"Customer no": "customer_id", "Order date": "ts", "Line": "amount", "Order no": "order_id"}
    names |= {"Article": "item_id", "Pieces": "quantity"}
    plain = orders[orders["Order date"] != "31.02.2024"].rename(columns=names)[list(names.values())]
    plain["ts"] = pd.to_datetime(plain["ts"], format="%d.%m.%Y").dt.strftime("%Y-%m-%d")
    plain.to_csv(folder / "orders.csv", index=False)


def test_only_tutorial_and_readmes_hold_blocks_that_are_to_be_run() -> None:
    run = {"tutorial.md", "README.md", "README.zh-CN.md"}
    elsewhere = {
        page.name: block.language
        for page in PAGES
        for block in blocks(page)
        if block.language in ("console", "python") and page.name not in run
    }
    assert elsewhere == {}


def test_blocks_that_need_a_clone_or_the_network_hold_nothing_else() -> None:
    lines = [
        line
        for page in PAGES
        for block in blocks(page)
        if block.language in ("sh", "bash", "shell")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert lines
    assert [line for line in lines if not RUNS_IN_A_CLONE.match(line)] == []


def test_what_is_to_be_installed_comes_from_the_clone() -> None:
    """Shijin is on no index: whoever is told to install it from one gets nothing, or somebody else's package."""
    files = [*PAGES, *(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.toml")]
    from_an_index = re.compile(r"pip install (?:-\S+ )*[\"']?shijin\b")
    assert [str(file.relative_to(ROOT)) for file in files if from_an_index.search(file.read_text("utf-8"))] == []


def test_both_readmes_have_the_same_headings_commands_and_links() -> None:
    english, chinese = (ROOT / "README.md").read_text("utf-8"), (ROOT / "README.zh-CN.md").read_text("utf-8")

    def skeleton(page: Path, text: str) -> dict[str, list[str]]:
        return {
            "headings": re.findall(r"^(#+) ", text, re.MULTILINE),
            "commands": [block.text for block in blocks(page) if block.language in ("sh", "console")],
            "python": [
                re.sub(r"\s*#.*|\"zh\"", "", block.text) for block in blocks(page) if block.language == "python"
            ],
            "links": sorted(
                set(re.findall(r"\]\(([^)]*\.(?:md|svg)[^)]*|LICENSE)\)", text)) - {"README.md", "README.zh-CN.md"}
            ),
            "points": re.findall(r"^- \*\*", text, re.MULTILINE),
            "figures": re.findall(r"^\| [A-Z][\w ]* \| \d.*\|$", text, re.MULTILINE),
        }

    mine, theirs = skeleton(ROOT / "README.md", english), skeleton(ROOT / "README.zh-CN.md", chinese)
    assert mine == theirs


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", path):
                continue
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
                broken.append(f"{page.name} -> {target}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_every_verb_is_documented_with_all_its_options() -> None:
    reference = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    sections = dict(re.findall(r"^## shijin (\w+)\n(.*?)(?=^## |\Z)", reference, re.DOTALL | re.MULTILINE))
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(sections) == set(commands)
    for name, command in commands.items():
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert all(f"`{option}`" in sections[name] for option in parameter.opts), (name, parameter.opts)


def test_what_is_generated_is_fresh() -> None:
    assert generator().stale() == [], "run make docs"


def test_the_readmes_do_without_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = generator()
    monkeypatch.setattr(made, "RESULTS", tmp_path / "none")
    assert "make bench" in made.results("en")
    assert "make bench" in made.results("zh")


def test_the_table_of_results_says_what_the_files_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"customers": 1200.0, "auc": 0.8, "ngini": 0.7, "crps": 10.0, "level": 1.1}
    scores = {"everyone": {"decayed spend H": row, "stack": row | {"auc": 0.85, "crps": 9.0, "level": 0.95}}}
    won = [
        {"metric": "log_score", "verdict": "win"},
        {"metric": "ngini", "verdict": "tie"},
        {"metric": "auc", "verdict": "win"},
    ]
    result = {"shop": "cdnow", "window": 0, "horizon_days": 90, "cutoff": "1998-04-02", "served": "stack"}
    result |= {"scores": scores, "differences": {"decayed spend H": won}}
    (tmp_path / "cdnow-90d-0.json").write_text(json.dumps(result), "utf-8")
    made = generator()
    monkeypatch.setattr(made, "RESULTS", tmp_path)
    text = made.results("en")
    assert "| CDNOW | 90 | 1998-04-02 | 1,200 | 0.800 → 0.850 | 0.700 → 0.700 | -10.0% | 0.95 |" in text
    assert "on 1 judged windows: wins 1, ties 1, losses 0." in text


def generator() -> ModuleType:
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_setting_and_its_default_is_in_the_formats() -> None:
    settings = next(block.text for block in blocks(ROOT / "docs" / "formats.md") if block.language == "toml")
    said = {(section, key) for section, keys in tomllib.loads(uncommented(settings)).items() for key in keys_of(keys)}
    known = {
        (section, key)
        for section, model in Config().model_dump().items()
        for key in (model if isinstance(model, dict) else [""])
    }
    assert said == known
    assert parse_config(settings, "docs/formats.md") == Config()


def keys_of(keys: object) -> list[str]:
    return list(keys) if isinstance(keys, dict) else [""]


def uncommented(settings: str) -> str:
    """The settings with those that have no default (they stand behind a #) made live."""
    return re.sub(r"^# (\w+ = )", r"\1", settings, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "table"),
    [
        ("Events", schema.EVENTS),
        ("Items", schema.ITEMS),
        ("Contacts", schema.CONTACTS),
        ("Quarantine", schema.QUARANTINE),
        ("The forecast", schema.FORECAST),
        ("Members of a backtest", schema.MEMBERS),
        ("Items of a backtest", schema.ITEMS_JUDGED),
        ("Recommendations", schema.RECOMMENDATIONS),
        ("Affinity", schema.AFFINITY),
        ("Demand", schema.DEMAND),
        ("Vectors", schema.VECTORS),
    ],
)
def test_every_column_of_the_stored_tables_is_in_the_formats(heading: str, table: object) -> None:
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert section, heading
    rows = re.findall(r"^\| (`[^|]*`) \| ([^|]*) \|", section[1], re.MULTILINE)
    said = [name for cell, _ in rows for name in re.findall(r"`([^`]+)`", cell)]
    assert said == [name for name in table.names if not re.fullmatch(r"q(?!05|95)\d\d", name)]  # type: ignore[attr-defined]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    files = [*PAGES, ROOT / ".ci" / "run"]
    named = {
        name for file in files for name in re.findall(r"(?:`|^)make ([a-z]+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = set(re.findall(r"\b(?:tests|benchmarks|docs|examples|src)/[\w./-]*\w", text))
    named |= set(re.findall(r"`([a-z_][\w.-]*/[\w./-]*)`", text))  # `steps/run.py` is in the package
    named = {name for name in named if "NAME" not in name}
    assert len(named) > 20
    places = (ROOT, ROOT / "src" / "shijin")
    assert sorted(name for name in named if not any((place / name).exists() for place in places)) == []


def test_every_name_in_the_six_questions_is_in_the_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = text[text.index("## Six questions") : text.index("## Rules")]
    names = {name for word in re.findall(r"`([A-Za-z_.]+)(?:\([^`]*\))?`", section) for name in word.split(".")}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert {"split_at", "Artifacts", "report_data"} <= names
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", code)) == []


def test_only_small_files_are_kept() -> None:
    kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if kept.returncode:
        pytest.skip("no git clone here")
    sizes = {name: (ROOT / name).stat().st_size for name in kept.stdout.split("\0") if name and (ROOT / name).exists()}
    weights = "src/shijin/network/weights/behaviour.safetensors"
    assert sizes.pop(weights, 0) <= 5_000_000
    assert {name: size for name, size in sizes.items() if size > 400_000} == {}
    data = (".parquet", ".csv", ".xlsx", ".pkl", ".pt")
    assert [name for name in sizes if name.endswith(data) and sizes[name] > 50_000] == []
