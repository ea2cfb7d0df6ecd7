"""Tidiness is a test: lengths, banned names, left-over notes, exceptions without a reason, undocumented topics."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("shared", "services", "mandegar", "bench", "clients", "tests")
GENERATED = "Generated from docs/openapi/"
"""Whoever writes such a file is measured; the file is as long as the API is wide."""
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
DRAWERS = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "service.py"}
LEFT_OVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|Not" r"ImplementedError)\b")
BARE_EXCEPTION = re.compile(
    r"#\s*(type:\s*ignore|noqa|pragma:\s*no cover)(\[[^\]]*\]|:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?\s*$"
)
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root)/")
LOCK_FILE = re.compile(r"(^|/)(requirements[^/]*(/.*)?|[^/]*\.lock|package-lock\.json)$")


def tracked(*endings: str) -> list[Path]:
    """Files that git knows or would add, by ending."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if name.endswith(endings) and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return [path for path in tracked(".py") if path.relative_to(ROOT).parts[0] in CODE]


def written_files() -> list[Path]:
    """Python files that a person wrote."""
    return [path for path in python_files() if GENERATED not in path.read_text().partition("\n")[0]]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_python_file_is_longer_than_four_hundred_lines() -> None:
    long = {
        name(path): count for path in written_files() if (count := len(path.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert not long


def test_no_function_is_longer_than_seventy_lines() -> None:
    long = []
    for path in written_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                lines = (node.end_lineno or first) - first + 1
                if lines > MAX_FUNCTION_LINES:
                    long.append(f"{name(path)}:{node.lineno} {node.name} has {lines} lines")
    assert not long


def test_there_is_no_drawer_among_the_rooms() -> None:
    assert not [name(path) for path in python_files() if path.name in DRAWERS]


def test_no_note_is_left_over_in_the_code() -> None:
    found = [
        f"{name(path)}:{number}"
        for path in python_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LEFT_OVER.search(line)
    ]
    assert not found


def test_every_exception_to_a_check_has_its_reason_beside_it() -> None:
    found = [
        f"{name(path)}:{number} {line.strip()}"
        for path in python_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if BARE_EXCEPTION.search(line)
    ]
    assert not found


def test_every_module_and_every_public_class_and_function_outside_the_tests_has_a_docstring() -> None:
    missing = []
    for path in written_files():
        if path.relative_to(ROOT).parts[0] == "tests" or "versions" in path.parts:
            continue
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            missing.append(name(path))
        missing += [
            f"{name(path)}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert not missing


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "shared").iterdir() if path.is_dir()))
def test_every_shared_room_says_what_lives_there(room: str) -> None:
    if room.startswith("_"):
        return
    text = (ROOT / "shared" / room / "__init__.py").read_text()
    assert ast.get_docstring(ast.parse(text)), f"shared/{room} has no docstring"
    assert "__all__" in text, f"shared/{room} has no __all__"


def test_no_lock_file_holds_an_address() -> None:
    found = [name(path) for path in tracked("") if LOCK_FILE.search(name(path)) and "://" in path.read_text()]
    assert not found


def test_no_file_names_a_path_of_one_machine() -> None:
    found = []
    for path in tracked(".py", ".toml", ".yml", ".yaml", ".txt", ".md", ".in", "Makefile", "Dockerfile", ".sh"):
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            # FHS directories inside an image are the image's own
            if MACHINE_PATH.search(line) and path.name != "Dockerfile":
                found.append(f"{name(path)}:{number}")
    assert not found


def test_every_topic_stands_in_the_readme() -> None:
    from shared.contracts import topics

    readme = (ROOT / "README.md").read_text()
    names = [value for key, value in vars(topics).items() if key.isupper() and isinstance(value, str)]
    assert names
    assert not [topic for topic in names if f"`{topic}`" not in readme]


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
