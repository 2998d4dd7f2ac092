"""One direction: rooms to the left of the arrow never import rooms to the right; pure rooms never import edges."""

from __future__ import annotations

import ast
import graphlib

import pytest

ROOMS = [
    {"findings", "errors", "results", "standard_results", "terminal", "digest"},
    {"text", "document", "xml_guard", "junit", "keeper"},
    {"includes", "phase", "settings", "measures", "shell", "standards"},
    {"files", "locks", "git", "process", "plan_tree", "sandbox"},
    {"gates", "workspace", "checkpoint", "progress", "plan", "survey"},
    {"suites", "database", "trials"},
    {"machine"},
    {"runner", "verdict"},
    {"record"},
    {"reports"},
    {"screen"},
    {"commands"},
    {"cli", "__main__"},
]
"""The rooms of devnet_runner, leftmost first; a room may import rooms of its own row and of the rows above."""

EDGES = {"files", "keeper", "locks", "git", "process", "sandbox", "database", "screen", "cli", "commands"}
PURE = {"findings", "errors", "results", "standard_results", "digest", "document", "phase", "measures", "shell",
        "standards", "gates", "verdict", "plan", "checkpoint", "progress", "record", "reports", "terminal"}  # fmt: skip
HEAVY = {"sqlalchemy", "git", "pytest", "jinja2", "psycopg", "rich", "markdown_it", "alembic", "coverage"}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def own_imports(module, package: str) -> set[str]:
    """The modules of its own package that a module imports when it runs; those for type checkers do not count."""
    checked = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in checked:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Import) and id(node) not in checked:
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith(f"{package}.")}


def test_every_room_has_its_row(runner_modules):
    known = set().union(*ROOMS)
    assert {room(name) for name in runner_modules} - known <= {""}


def test_no_room_imports_a_room_to_its_right(runner_modules):
    row = {name: number for number, rooms in enumerate(ROOMS) for name in rooms}
    wrong = [
        f"{module.path} imports {imported}"
        for name, module in runner_modules.items()
        for imported in own_imports(module, "devnet_runner")
        if room(name) and room(imported) in row and row[room(imported)] > row[room(name)]
    ]
    assert wrong == []


def test_pure_rooms_import_no_edge(runner_modules):
    wrong = [
        f"{module.path} imports {imported}"
        for name, module in runner_modules.items()
        if room(name) in PURE
        for imported in own_imports(module, "devnet_runner")
        if room(imported) in EDGES
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["devnet_runner", "infra_adapters"])
def test_there_is_no_import_cycle(modules, package):
    known = {name for name in modules if name.startswith(package)}
    graph = {name: own_imports(modules[name], package) & known - {name} for name in known}
    # A package's front door imports its parts; a part that names the package means one of its siblings.
    graph = {name: {one for one in found if not name.startswith(f"{one}.")} for name, found in graph.items()}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_the_two_packages_never_import_each_other(modules):
    wrong = [
        f"{module.path} imports {imported}"
        for name, module in modules.items()
        for imported in module.imports()
        if imported.startswith(
            {"devnet_runner": "infra_adapters", "infra_adapters": "devnet_runner"}[name.split(".")[0]]
        )
    ]
    assert wrong == []


def test_no_own_module_is_imported_late(modules):
    wrong = [
        f"{module.path} imports {imported} inside a function"
        for module in modules.values()
        for imported in module.imports(late=True)
        if imported.startswith(("devnet_runner", "infra_adapters"))
    ]
    assert wrong == []


ONE_ROOM = [
    ({"subprocess"}, {"process"}),
    ({"git"}, {"git"}),
    ({"psycopg"}, {"database"}),
    ({"rich"}, {"screen"}),
    ({"sqlalchemy", "alembic", "jinja2"}, set()),
]


@pytest.mark.parametrize(("libraries", "rooms"), ONE_ROOM, ids=lambda value: "-".join(sorted(value)) or "nowhere")
def test_a_library_has_one_room(runner_modules, libraries, rooms):
    wrong = [
        f"{module.path} imports {imported}"
        for name, module in runner_modules.items()
        for imported in module.imports()
        if imported.split(".")[0] in libraries and room(name) not in rooms
    ]
    assert wrong == []


def calls(module) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize(
    ("call", "rooms"),
    [
        ("print", set()),
        ("sys.exit", {"cli", "suites", "process"}),
        ("exit", set()),
        ("os._exit", {"process", "keeper"}),
    ],
)
def test_only_the_command_line_prints_and_exits(runner_modules, call, rooms):
    wrong = [
        str(module.path) for name, module in runner_modules.items() if call in calls(module) and room(name) not in rooms
    ]
    assert wrong == []


def test_the_environment_is_read_at_the_edge(runner_modules):
    allowed = {"cli", "suites"}
    wrong = [
        str(module.path)
        for name, module in runner_modules.items()
        if "os.environ" in module.text.replace("os.environb", "") and room(name) not in allowed
    ]
    assert wrong == []
