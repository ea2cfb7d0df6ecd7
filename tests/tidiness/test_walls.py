"""Walls that import-linter cannot express: what one slice of a service may see of another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "services"


def slices(service: Path) -> set[str]:
    return {room.name for room in service.iterdir() if room.is_dir() and room.name not in ("migrations", "__pycache__")}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted module of each import; `from a.b import c` yields `a.b.c`, so that modules are seen as such."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_module(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return place.with_suffix(".py").is_file() or place.is_dir()


def apis(service: Path) -> list[str]:
    """Dotted names of modules and packages that answer over HTTP."""
    return [f"services.{service.name}.{path.parent.name}.{path.stem}" for path in service.glob("*/*api*")]


def test_a_slice_sees_of_another_only_what_its_init_names() -> None:
    # main.py and app.py wire, and tables.py gathers the tables for migrations: they belong to the service, to no slice.
    broken = []
    for service in (place for place in SERVICES.iterdir() if place.is_dir() and place.name != "__pycache__"):
        for path in service.glob("*/**/*.py"):
            own = path.relative_to(service).parts[0]
            if own == "migrations":
                continue
            for line, dotted in imports(path):
                parts = dotted.split(".")
                if parts[:2] != ["services", service.name] or len(parts) < 4:
                    continue
                other = parts[2]
                if other in slices(service) - {own} and is_module(".".join(parts[:4])):
                    broken.append(f"{path.relative_to(ROOT)}:{line} reaches into {other}: {dotted}")
    assert not broken


def test_only_the_application_and_the_api_itself_see_an_api() -> None:
    # Whatever else imported one would have workers import HTTP's libraries, and every model of every route.
    broken = []
    for service in (place for place in SERVICES.iterdir() if place.is_dir() and place.name != "__pycache__"):
        for path in service.rglob("*.py"):
            room = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if path == service / "app.py":
                continue
            for line, dotted in imports(path):
                api = next((name for name in apis(service) if f"{dotted}.".startswith(f"{name}.")), None)
                if api is not None and not f"{room}.".startswith(f"{api}."):
                    broken.append(f"{path.relative_to(ROOT)}:{line} sees an api: {dotted}")
    assert not broken


def test_slices_of_a_service_form_no_circle() -> None:
    for service in (place for place in SERVICES.iterdir() if place.is_dir() and place.name != "__pycache__"):
        sees: dict[str, set[str]] = {name: set() for name in slices(service)}
        for name, seen in sees.items():
            for path in (service / name).rglob("*.py"):
                for _, dotted in imports(path):
                    parts = dotted.split(".")
                    if parts[:2] == ["services", service.name] and len(parts) > 2 and parts[2] in sees:
                        seen.add(parts[2])
            seen.discard(name)
        while leaves := [name for name, seen in sees.items() if not seen]:
            for leaf in leaves:
                del sees[leaf]
            for seen in sees.values():
                seen.difference_update(leaves)
        assert not sees, f"{service.name}: a circle among {sorted(sees)}"
