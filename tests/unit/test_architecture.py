"""Who may import whom, and what must not be imported at all."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tfcompat"
SOURCES = sorted(PACKAGE.rglob("*.py"))

#: Module, or package with all that is in it -> what it may import beside the standard library and its own package.
#: The most exact name counts.
ALLOWED = {
    "tfcompat": [],
    "tfcompat.config": ["tfcompat.releases"],
    "tfcompat.errors": [],
    "tfcompat.releases": [],
    "tfcompat.choice": [],
    "tfcompat.following": ["tfcompat.releases", "tfcompat.choice"],
    "tfcompat.rounding": ["tfcompat.config", "tfcompat.choice"],
    "tfcompat.momentum": [],
    "tfcompat.explanation": [
        *("tfcompat.config", "tfcompat.following", "tfcompat.plan", "tfcompat.releases", "tfcompat.momentum"),
        *("tfcompat.backend.installed", "tfcompat.errors"),
    ],
    "tfcompat.explanation.figure": ["matplotlib", "tfcompat.momentum", "tfcompat.errors"],
    "tfcompat.plan": ["tfcompat.config", "tfcompat.releases", "tfcompat.errors"],
    "tfcompat.backend": ["tensorflow", "keras", "tfcompat.config", "tfcompat.errors", "tfcompat.kernels.step"],
    "tfcompat.backend.h5": ["h5py"],
    "tfcompat.kernels": [
        *("tfcompat.plan", "tfcompat.config", "tfcompat.releases", "tfcompat.backend.ops"),
        "tfcompat.backend.replicas",
    ],
    "tfcompat.state": ["tfcompat.config", "tfcompat.releases", "tfcompat.plan", "tfcompat.backend"],
    "tfcompat.layers": ["tfcompat"],
    "tfcompat.installation": ["tfcompat"],
    "tfcompat.spec": ["numpy"],
    "tfcompat.spec.clauses": ["tfcompat.releases"],
    "tfcompat.spec.layer": ["numpy", "tfcompat.releases", "tfcompat.spec.reference"],
    "tfcompat.spec.render": ["tfcompat.momentum", "tfcompat.releases", "tfcompat.spec"],
    "tfcompat.migrate": [
        *("numpy", "tfcompat.plan", "tfcompat.config", "tfcompat.releases", "tfcompat.errors", "tfcompat.backend"),
        "tfcompat.momentum",
    ],
    "tfcompat.migrate.rewrite": ["libcst", "tfcompat.config", "tfcompat.errors"],
    "tfcompat.migrate.checkpoints.h5": ["tfcompat.layers", "tfcompat.errors", "tfcompat.backend"],
    "tfcompat.commands": ["tfcompat.migrate", "tfcompat.errors", "rich"],
    "tfcompat.commands.explain": [
        *("tfcompat.explanation", "tfcompat.config", "tfcompat.errors", "tfcompat.commands"),
        "tfcompat.migrate.checkpoints.writing",
    ],
    "tfcompat.__main__": ["tfcompat"],
}

#: Where names of releases and features of TensorFlow may be asked for.
KNOWS_TENSORFLOW = "tfcompat.backend"


def name_of(path):
    """`tfcompat.backend.ops` of its file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path):
    """Full names of the modules that a file imports when it runs, inside of functions too."""
    found = set()
    for node in executed(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "%s imports relatively" % path
            for alias in node.names:
                found.add(node.module + "." + alias.name if is_module(node.module, alias.name) else node.module)
    return found


def executed(tree):
    """All nodes but those that are there for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and names(node.test, "TYPE_CHECKING")):
            yield node
            yield from executed(node)


def is_module(package, name):
    folder = ROOT.joinpath(*package.split("."))
    return (folder / (name + ".py")).exists() or (folder / name).is_dir()


def within(name, package):
    return name == package or name.startswith(package + ".")


def rule_for(module):
    return max((name for name in ALLOWED if within(module, name)), key=len)


def is_standard(name):
    top = name.split(".")[0]
    if hasattr(sys, "stdlib_module_names"):
        return top in sys.stdlib_module_names
    return top not in ("tensorflow", "keras", "numpy", "tfcompat", "golden", "tests", "scripts", "tf_keras")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_module_imports_only_what_the_design_allows_it(path):
    module = name_of(path)
    rule = rule_for(module)
    own = [rule] if rule != "tfcompat" else []
    foreign = {name for name in imports_of(path) if not is_standard(name)}
    refused = sorted(name for name in foreign if not any(within(name, allowed) for allowed in ALLOWED[rule] + own))
    assert not refused, "%s may import %s" % (module, ", ".join(ALLOWED[rule]) or "the standard library alone")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_imports_the_harness_tests_or_scripts(path):
    assert not [name for name in imports_of(path) if name.split(".")[0] in ("golden", "tests", "scripts")]


@pytest.mark.parametrize("path", [path for path in SOURCES if not within(name_of(path), KNOWS_TENSORFLOW)], ids=name_of)
def test_releases_and_features_of_tensorflow_are_asked_for_in_the_backend_alone(path):
    asked = []
    for node in ast.walk(tree_of(path)):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("__version__", "VERSION")
            and names(node.value, "tf", "tf1")
        ):
            asked.append(node.lineno)
        if isinstance(node, ast.Call) and names(node.func, "hasattr") and names(root(node.args[0]), "tf", "tf1"):
            asked.append(node.lineno)
    assert not asked


def names(node, *expected):
    return isinstance(node, ast.Name) and node.id in expected


def root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


@pytest.mark.parametrize("path", sorted((ROOT / "golden").rglob("*.py")), ids=lambda path: path.stem)
def test_harness_never_imports_the_package(path):
    assert not [name for name in imports_of(path) if within(name, "tfcompat")]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_source_keeps_to_python_3_7(path):
    floor = {"feature_version": (3, 7)} if sys.version_info >= (3, 8) else {}
    tree = ast.parse(path.read_text(encoding="utf-8"), **floor)
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.arguments) and getattr(node, "posonlyargs", [])), "positional-only arguments"


def in_a_new_process(code, *options):
    return subprocess.run(
        [sys.executable] + list(options) + ["-c", code],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    "module", ["tfcompat", "tfcompat.config", "tfcompat.plan", "tfcompat.releases", "tfcompat.explanation"]
)
def test_importing_it_imports_no_tensorflow_keras_or_numpy_and_warns_of_nothing(module):
    code = "import sys, %s; print(sorted({'tensorflow', 'keras', 'tf_keras', 'numpy'} & set(sys.modules)))" % module
    run = in_a_new_process(code, "-W", "error")
    assert (run.returncode, run.stdout.strip()) == (0, "[]")


def test_public_names_are_listed_before_they_are_loaded():
    run = in_a_new_process("import sys, tfcompat; print(dir(tfcompat), 'tensorflow' in sys.modules)")
    assert run.returncode == 0
    assert "'BatchNormalization'" in run.stdout and "'batch_normalization'" in run.stdout
    assert run.stdout.strip().endswith("False")


def test_unknown_name_of_the_package_is_an_attribute_error():
    import tfcompat

    with pytest.raises(AttributeError, match="'tfcompat' has no attribute 'nonsense'"):
        print(tfcompat.nonsense)


def public_functions(path, of_class=None):
    """Name -> argument names of the public functions of a module, or of the methods of one of its classes."""
    body = ast.parse((ROOT / path).read_text()).body
    if of_class:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == of_class)
    functions = [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return {node.name: [argument.arg for argument in node.args.args] for node in functions}


def test_both_keras_hosts_have_the_same_names_and_arguments():
    assert public_functions("tfcompat/backend/keras2.py") == public_functions("tfcompat/backend/keras3.py")


def test_both_lives_of_a_layer_have_the_same_names():
    eager = public_functions("tfcompat/backend/eager.py", of_class="Eager")
    assert set(eager) == set(public_functions("tfcompat/backend/v1_graph.py", of_class="Scoped"))
