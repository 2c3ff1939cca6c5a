"""Holds the house together: who may import whom, a test beside every file, and what is never committed."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "crowdalogue"

STAGES = {"listen", "act", "engage", "analyze", "relate"}
DOORS = {"web", "api", "cli"}
# Small rooms that everybody may use: they know nothing of the others.
GROUND = {"errors"}

# A room is a folder or a file of the package. room -> the rooms it may import, besides itself and GROUND.
ARROWS: dict[str, set[str]] = {
    "web": {"flow", "models", "live", "text", "channels", "settings", "demo", *STAGES},
    "api": {"flow", "models", "live", "text", "channels", "settings", *STAGES},
    # The command line starts the worker and the web server, and its doctor looks at everything.
    "cli": {"flow", "models", "live", "text", "channels", "settings", "demo", "jobs", "checks", *STAGES},
    "flow": {"channels", "models", "live", "text", *STAGES},
    "listen": {"models", "live", "text", "channels"},
    "act": {"models", "live", "text", "channels"},
    "engage": {"models", "live", "text"},
    "analyze": {"models", "live", "text"},
    "relate": {"models", "live", "text"},
    "channels": {"http", "reach"},
    "text": {"models"},
    "models": set(),
    # The worker repeats the verbs of flow; nothing but the command line imports it.
    "jobs": {"flow", "models", "live", "channels", "demo", *STAGES},
    "live": {"models"},
    "settings": set(),
    "sqlite": set(),
    "checks": set(),
    "client": set(),  # runs in notebooks, on machines that have nothing else of us
    "http": {"reach"},
    "reach": set(),
    "errors": set(),
    "logs": set(),
    "apps": {"checks", "http", "text"},
    "urls": {"web", "api"},
    "__main__": {"cli"},
    # The demo company is made by a generator and filed through the same function as everything else.
    "demo": {"flow", "models", "live", "text", "channels", *STAGES},
}

# What channels and reading steps never reach, not even through others: they run in a notebook and inside Spark.
DATABASE = ("crowdalogue.models", "crowdalogue.settings")

# Files with behaviour whose test is elsewhere: path -> why.
TESTED_ELSEWHERE: dict[str, str] = {
    "apps.py": "it runs before any test; the words it prepares: tests/text/test_index.py",
    "errors.py": "its exceptions are raised and read at every door: tests/test_flow.py",
    "analyze/document.py": "what steps are handed: tests/analyze/test_pipeline.py",
    "analyze/permissive.py": "rows for training: tests/analyze/test_training.py",
    "analyze/steps/head.py": "what the four heads share: tests/analyze/steps/test_heads.py",
    "analyze/steps/lexicon.py": "as above: tests/analyze/steps/test_heads.py",
    "analyze/steps/needs_answer.py": "as above: tests/analyze/steps/test_heads.py",
    "analyze/steps/words.py": "as above: tests/analyze/steps/test_heads.py",
    **{
        f"flow/{name}.py": "from the knock to the reply: tests/test_flow.py"
        for name in ("inwards", "meaning", "outwards")
    },
    "flow/overhearing.py": "from a search to a hit: tests/listen/test_searching.py",
    "channels/base.py": "every channel through the folder's list: tests/channels/test_channels.py",
    **{
        f"listen/files/{name}.py": "a file from its first byte to its rows: tests/listen/test_imports.py"
        for name in ("columns", "dates", "mapper", "readers", "sniff")
    },
    **{
        f"relate/{name}.py": "columns against the store, row by row: tests/relate/test_facts.py"
        for name in ("columns", "engine", "rows")
    },
    **{
        f"relate/{name}.py": "every report over known messages: tests/relate/test_measures.py"
        for name in ("reports", "scope", "volume")
    },
    "listen/claims.py": "claims that meet at addresses, whichever came first: tests/listen/test_identity.py",
    "listen/dossiers.py": "what is gathered of each person: tests/listen/test_identity.py",
    **{
        f"analyze/categories_{name}.py": "from two examples to corrected numbers: tests/flow/test_categories.py"
        for name in ("asked", "judged", "taught")
    },
    "api/categories_history.py": "with the rest of categories: tests/api/test_categories.py",
    "text/store.py": "how long PostgreSQL may wait, as every test of it does: tests/text/test_index.py",
}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports, wherever in the file, types and late imports too."""
    here = name_of(path).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and "import_module" in ast.dump(node.func) and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def room_of(name: str) -> str:
    """The room of a module of ours; empty for the package itself (its version) and for libraries."""
    parts = name.split(".")
    return parts[1] if parts[0] == "crowdalogue" and len(parts) > 1 and is_room(parts[1]) else ""


def is_room(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def wrong_arrows(path: Path) -> list[str]:
    room = room_of(name_of(path))
    allowed = ARROWS.get(room, set()) | GROUND | {room, ""}
    return [
        f"{path.relative_to(ROOT)}:{line}: {room} imports {name}"
        for line, name in imports(path)
        if name.startswith("crowdalogue.") and room and room_of(name) not in allowed
    ]


def test_every_room_has_its_arrows() -> None:
    rooms = {room_of(name_of(p)) for p in modules()} - {""}
    assert rooms <= set(ARROWS), f"say in ARROWS whom {sorted(rooms - set(ARROWS))} may import"


def test_imports_follow_the_arrows() -> None:
    assert [wrong for path in modules() for wrong in wrong_arrows(path)] == []


def test_the_rules_themselves_hold() -> None:
    """The table is what DESIGN.md says: stages and doors never know each other, channels know no rows."""
    for stage in STAGES:
        assert not ARROWS[stage] & (STAGES | DOORS | {"flow", "jobs"})
    for door in DOORS:
        assert not ARROWS[door] & DOORS
    assert not ARROWS["channels"] & ({"models", "flow", "live", "text"} | STAGES | DOORS)
    assert not ARROWS["models"]


def reached(path: Path) -> Iterator[tuple[Path, int, str]]:
    """Everything a file imports, and what the files of ours it imports import in turn."""
    known, waiting = set(), [path]
    while waiting:
        current = waiting.pop()
        if current in known:
            continue
        known.add(current)
        for line, name in imports(current):
            yield current, line, name
            waiting.extend(files_of(name))


def files_of(name: str) -> list[Path]:
    """The files that importing `name` (a module of ours, or something in one) runs."""
    parts = name.split(".")
    if parts[0] != "crowdalogue":
        return []
    found = []
    for end in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:end])
        found += [p for p in (place / "__init__.py", place.with_suffix(".py")) if p.is_file()]
    return found


def test_channels_and_steps_need_no_database() -> None:
    pure = [*(PACKAGE / "channels").rglob("*.py"), *(PACKAGE / "analyze" / "steps").rglob("*.py")]
    assert len(pure) > 5
    wrong = {
        f"{file.relative_to(ROOT)}:{line} imports {name}, needed by {path.relative_to(ROOT)}"
        for path in pure
        for file, line, name in reached(path)
        if name.split(".")[0] == "django" or name.startswith(DATABASE)
    }
    assert sorted(wrong) == []


def test_steps_know_documents_and_text_only() -> None:
    wrong = [
        f"{path.name}:{line}: {name}"
        for path in (PACKAGE / "analyze" / "steps").rglob("*.py")
        for line, name in imports(path)
        if name.startswith("crowdalogue.")
        and not name.startswith(("crowdalogue.analyze.", "crowdalogue.text.", "crowdalogue.errors"))
    ]
    assert wrong == []


def test_every_file_says_what_it_is_for() -> None:
    bare = [p for p in modules() if p.read_text().strip() and not ast.get_docstring(tree_of(p))]
    assert [str(p.relative_to(ROOT)) for p in bare] == []


def behaves(path: Path) -> bool:
    """Whether a file does something a test could look at: rows that only have a name, and constants, do not."""
    functions = [n.name for n in ast.walk(tree_of(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return bool(set(functions) - {"__str__", "__repr__"})


def places_of_test(here: Path) -> list[Path]:
    """Where the test of a file may be: beside its mirror image, or, for a folder within a room (channels/mail),
    at the folder's door (tests/channels/test_mail.py)."""
    stem = here.parent.name if here.name == "__init__.py" else here.stem
    folder = ROOT / "tests" / here.parent
    places = [folder / f"test_{stem}.py"]
    if here.name == "__init__.py" or len(here.parts) > 2:
        places.append(folder.parent / f"test_{here.parent.name}.py")
    return places


def test_every_file_has_its_test() -> None:
    missing = []
    for path in modules():
        here = path.relative_to(PACKAGE)
        if (
            behaves(path)
            and here.as_posix() not in TESTED_ELSEWHERE
            and not any(p.is_file() for p in places_of_test(here))
        ):
            missing.append(f"{here} wants {places_of_test(here)[0].relative_to(ROOT)}")
    assert missing == [], "write it, or say in TESTED_ELSEWHERE where it is tested"


def test_exceptions_are_still_needed() -> None:
    for name, reason in TESTED_ELSEWHERE.items():
        assert (PACKAGE / name).is_file(), f"{name} is gone; take it off TESTED_ELSEWHERE"
        assert reason
        for place in re.findall(r"tests/\S+\.py", reason):
            assert (ROOT / place).is_file(), f"{name}: {place} is not there"


# --- what is committed -------------------------------------------------------------------------------------------


@cache
def committed() -> list[Path]:
    """Files git knows or would take; without git (an unpacked archive) nothing can be said."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("git is not here")
    if done.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in committed():
        try:
            yield str(path.relative_to(ROOT)), path.read_text()
        except UnicodeDecodeError:
            continue


def test_no_file_is_two_things() -> None:
    for path in committed():
        if path.suffix == ".py" and "migrations" not in path.parts and "tests" not in path.parts:
            lines = path.read_text().count("\n")
            assert lines <= 450, f"{path.relative_to(ROOT)}: {lines} lines are usually two things"


def test_nothing_third_party_is_committed() -> None:
    endings = (".min.js", ".min.css", ".woff", ".woff2", ".ttf", ".whl", ".so", ".onnx")
    wrong = [p for p in committed() if p.name.endswith(endings) or {"node_modules", "vendor"} & set(p.parts)]
    assert [str(p.relative_to(ROOT)) for p in wrong] == []
    large = [f"{p.relative_to(ROOT)}: {p.stat().st_size}" for p in committed() if p.stat().st_size > 2_000_000]
    assert large == []


# Written in pieces, so that this file holds none of them.
HOSTS = re.compile("|".join(("py" r"pi\.org", "python" r"hosted\.", "registry" r"\.npm", "deb" r"\.debian\.org")))
MACHINE = re.compile(r"(?<![\w.~-])/" r"(?:work|root|farm)/[\w.]")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b|coming " r"soon")


@pytest.mark.parametrize(
    ("what", "pattern"),
    [("a registry host", HOSTS), ("a path of one machine", MACHINE), ("something unfinished", UNFINISHED)],
)
def test_no_file_names(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}"
        for name, text in texts()
        for hit in pattern.finditer(text)
    ]
    assert found == [], f"{what} is in a file"
