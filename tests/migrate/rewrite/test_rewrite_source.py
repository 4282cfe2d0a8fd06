"""What is not text of a case: bytes, encodings, line ends, files that are no Python; and the tables of signatures."""

import ast
import pathlib

import pytest

from tfcompat.errors import InputError
from tfcompat.migrate import rewrite
from tfcompat.migrate.rewrite import signatures

ROOT = pathlib.Path(__file__).resolve().parents[3]
CALL = "import tensorflow as tf\ny = tf.layers.batch_normalization(x)\n"
AFTER = "import tensorflow as tf\nimport tfcompat\ny = tfcompat.batch_normalization(x)\n"


def after(source, **options):
    return rewrite.rewrite_source(source, "a.py", rewrite.Options(**options)).after


def test_line_ends_of_windows_stay_and_the_new_line_has_them():
    assert after(CALL.replace("\n", "\r\n").encode()) == AFTER.replace("\n", "\r\n").encode()


def test_missing_end_of_the_last_line_stays_missing():
    assert after(CALL.rstrip().encode()) == AFTER.rstrip().encode()


def test_declared_encoding_stays():
    head = "# -*- coding: latin-1 -*-\n# caf\xe9\n"
    assert after((head + CALL).encode("latin-1")) == (head + AFTER).encode("latin-1")


def test_byte_order_mark_stays():
    assert after(b"\xef\xbb\xbf" + CALL.encode()) == b"\xef\xbb\xbf" + AFTER.encode()


def test_tabs_continuations_and_trailing_blanks_stay():
    odd = "def f(x):\n\tif x :   \n\t\treturn  x+ \\\n   1  # %s\n"
    assert after((CALL + odd).encode()) == (AFTER + odd).encode()


def test_form_feed_stays_or_the_file_is_refused():
    """LibCST 1.0 loses it."""
    try:
        found = after((CALL + "\x0c\n").encode())
    except InputError as error:
        found, message = None, str(error)
    assert found == (AFTER + "\x0c\n").encode() if found else "would not write it back byte for byte" in message


def test_import_and_use_in_one_line_get_the_import_before_them():
    before = b"#!/usr/bin/env python\n# A script.\nimport tensorflow as tf; y = tf.layers.batch_normalization(x)\n"
    assert after(before) == (
        b"#!/usr/bin/env python\n# A script.\nimport tfcompat\n"
        b"import tensorflow as tf; y = tfcompat.batch_normalization(x)\n"
    )


def test_names_of_two_libraries_are_left_where_arguments_would_change():
    before = (
        b"try:\n    from tensorflow.contrib.layers import batch_norm\nexcept ImportError:\n"
        b"    from mylib import batch_norm\ny = batch_norm(x)\n"
    )
    found = rewrite.rewrite_source(before, "a.py")
    assert (found.changed, [site.remarks[0].code for site in found.sites]) == (False, ["ambiguous"])


@pytest.mark.parametrize("source", [b"", b"# batch_norm\n", b"\n\n", b"# batch_norm"])
def test_file_without_a_statement_stays(source):
    assert after(source) == source


def test_file_without_the_names_stays_as_it_is():
    found = rewrite.rewrite_source(b"x  =  1", "a.py")
    assert (found.after, found.sites, found.changed) == (b"x  =  1", (), False)


def test_python_2_is_refused_with_its_line_and_a_cure():
    with pytest.raises(InputError, match=r"^a\.py:2:\d+: this is not Python 3\..* 2to3"):
        after(b"import tensorflow as tf\nprint tf.layers.batch_normalization(x)\n")


@pytest.mark.parametrize("source", [b"# batch_norm \xff\n", b"# coding: no-such\n# batch_norm\n", b"\0batch_norm"])
def test_what_is_no_text_is_refused(source):
    with pytest.raises(InputError, match="^a.py"):
        after(source)


@pytest.mark.parametrize(
    "text",
    ["(" * 3000 + "batch_norm" + ")" * 3000, "(" * 3000, "-" * 1500 + "batch_norm", " + ".join(["batch_norm"] * 1500)],
    ids=["brackets", "open", "signs", "sum"],
)
def test_deep_nesting_is_refused_and_ends_no_process(text):
    with pytest.raises(InputError, match="^a.py: .* nested|^a.py:1:.*"):
        after(("y = " + text).encode())


def test_brackets_in_strings_are_not_nested():
    assert after((CALL + "z = '" + "(" * 3000 + "'\n").encode()).startswith(AFTER.encode())


@pytest.mark.parametrize("release", ["1", "one", "3.0", "0.12", "1.3;", ""])
def test_release_that_is_none_is_refused(release):
    with pytest.raises(InputError, match="allowed is a release of TensorFlow, for example 1.3"):
        rewrite.release_of(release)


@pytest.mark.parametrize("text,release", [("1.3", (1, 3)), ("1.3.0", (1, 3)), ("2.21.0rc0", (2, 21))])
def test_release_is_read(text, release):
    assert rewrite.release_of(text) == release


def positional(tree):
    return [argument.arg for argument in tree.args.args if argument.arg != "self"]


def test_todays_orders_are_those_of_tfcompat():
    tree = ast.parse((ROOT / "tfcompat" / "layers.py").read_text(encoding="utf-8"))
    made = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert positional(made["batch_normalization"]) == list(signatures.function_order())
    assert positional(made["__init__"]) == list(signatures.class_order())


#: What follows gamma_regularizer, or the constraints, in the releases as they were installed.
FUNCTION_TAILS = {
    (1, 0): "training trainable name reuse",
    (1, 2): "training trainable name reuse renorm renorm_clipping renorm_momentum",
    (1, 3): "training trainable name reuse renorm renorm_clipping renorm_momentum fused",
    (
        1,
        4,
    ): "beta_constraint gamma_constraint training trainable name reuse renorm renorm_clipping renorm_momentum fused",
    (
        1,
        5,
    ): "beta_constraint gamma_constraint training trainable name reuse renorm renorm_clipping renorm_momentum fused "
    "virtual_batch_size adjustment",
}
CLASS_TAILS = {
    (1, 0): "trainable name",
    (1, 2): "renorm renorm_clipping renorm_momentum trainable name",
    (1, 3): "renorm renorm_clipping renorm_momentum fused trainable name",
    (1, 4): "beta_constraint gamma_constraint renorm renorm_clipping renorm_momentum fused trainable name",
    (1, 5): "beta_constraint gamma_constraint renorm renorm_clipping renorm_momentum fused trainable "
    "virtual_batch_size adjustment name",
}


@pytest.mark.parametrize("release", signatures.CHANGES)
def test_order_of_a_release(release):
    assert signatures.function_order(release)[12:] == tuple(FUNCTION_TAILS[release].split())
    assert signatures.class_order(release)[11:] == tuple(CLASS_TAILS[release].split())


@pytest.mark.parametrize(
    "kind,release,count",
    [("function", (1, 0), 12), ("function", (1, 4), 22), ("function", (2, 1), 24), ("class", (1, 4), 18)],
)
def test_positions_that_mean_the_same(kind, release, count):
    assert signatures.same_until(kind, release) == count


def test_contrib_defaults_are_arguments_of_the_function():
    assert {name for name, _ in signatures.CONTRIB_DEFAULTS} <= set(signatures.function_order())
    assert set(signatures.CONTRIB_NAMES.values()) <= set(signatures.function_order())


@pytest.mark.parametrize("before", ["L = tf.layers", "L: object = tf.layers"])
def test_assigned_module_is_followed_and_one_that_is_assigned_twice_is_not(before):
    once = "import tensorflow as tf\n" + before + "\ny = L.batch_normalization(x)\n"
    assert b"y = tfcompat.batch_normalization(x)" in after(once.encode())
    twice = rewrite.rewrite_source((once + "L = other\n").encode(), "a.py")
    assert [site.remarks[0].code for site in twice.sites] == ["ambiguous"]
