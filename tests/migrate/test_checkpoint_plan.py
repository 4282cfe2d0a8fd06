"""What is paired with what, what is left unmatched rather than guessed, and what name maps and renorm say."""

import contextlib
import json

import legacy
import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tfcompat.errors import InputError
from tfcompat.migrate import load_tf1_checkpoint
from tfcompat.migrate.checkpoints import pairing, planning, roles, sources, values
from tfcompat.migrate.checkpoints.name_map import NameMap
from tfcompat.migrate.checkpoints.targets import Model
from tfcompat.migrate.checkpoints.variables import Layer, Variable, numbered, split

layers = tf.keras.layers


def checkpoint_of(**shapes):
    """Layers of a checkpoint: path with `__` for `/` -> shape of its kernel."""
    names = [(path.replace("__", "/") + "/kernel", tuple(shape)) for path, shape in shapes.items()]
    return sources.contents([Variable(name, shape, "float32") for name, shape in names]).layers


def model_of(kind="conv2d", **shapes):
    """Layers of a model, all of one kind."""
    found = []
    for path, shape in shapes.items():
        path = path.replace("__", "/")
        scope, name = split(path)
        stem, number = numbered(name)
        kernel = {"kernel": Variable(path + "/kernel", tuple(shape), "float32")}
        found.append(Layer(path, scope, stem, number if stem == kind else None, kind, kernel))
    return found


def paired(here, there, root="model"):
    result = pairing.pair(here, there, root, roles.misfit)
    return {one.source.path: (one.target.path, one.by) for one in result.pairs}, result


A, B = (3, 3, 3, 4), (3, 3, 4, 4)


def test_equal_numbers_are_paired_by_name():
    pairs, _ = paired(checkpoint_of(conv2d=A, conv2d_1=B), model_of(conv2d=A, conv2d_1=B))
    assert pairs == {"conv2d": ("conv2d", "name"), "conv2d_1": ("conv2d_1", "name")}


def test_numbers_of_a_later_model_are_paired_by_order():
    pairs, _ = paired(checkpoint_of(conv2d=A, conv2d_1=B), model_of(conv2d_9=A, conv2d_10=B))
    assert pairs == {"conv2d": ("conv2d_9", "order"), "conv2d_1": ("conv2d_10", "order")}


def test_a_number_that_both_have_by_accident_is_no_reason():
    """The model's conv2d_1 and conv2d_2 are the checkpoint's first and second."""
    pairs, _ = paired(checkpoint_of(conv2d=A, conv2d_1=B), model_of(conv2d_1=A, conv2d_2=B))
    assert pairs == {"conv2d": ("conv2d_1", "order"), "conv2d_1": ("conv2d_2", "order")}


def test_another_count_of_a_later_model_is_unmatched():
    pairs, result = paired(checkpoint_of(conv2d=A, conv2d_1=A, conv2d_2=A), model_of(conv2d_1=A, conv2d_2=A))
    assert not pairs
    reason = "the checkpoint has 3 layers of this kind in this scope and the model has 2; use a name map"
    assert set(result.sources.values()) == set(result.targets.values()) == {reason}


def test_a_model_without_the_last_layers_leaves_those_unmatched():
    pairs, result = paired(checkpoint_of(conv2d=A, conv2d_1=B, conv2d_2=B), model_of(conv2d=A, conv2d_1=B))
    assert sorted(pairs) == ["conv2d", "conv2d_1"]
    assert result.sources == {"conv2d_2": "the model has no layer of this number"}


def test_another_shape_in_the_order_leaves_the_whole_group_unmatched():
    pairs, result = paired(checkpoint_of(conv2d=A, conv2d_1=B), model_of(conv2d_4=B, conv2d_5=A))
    assert not pairs
    assert result.sources["conv2d"] == (
        "in order conv2d would be conv2d_4, but kernel: shape [3, 3, 3, 4] does not become [3, 3, 4, 4]; use a name map"
    )


def test_an_outer_scope_of_the_checkpoint_alone_is_dropped():
    pairs, _ = paired(checkpoint_of(net__conv2d=A, net__block__conv2d=B), model_of(conv2d=A, block__conv2d_1=B))
    assert pairs == {"net/conv2d": ("conv2d", "name"), "net/block/conv2d": ("block/conv2d_1", "order")}


def test_scopes_that_the_model_does_not_have_are_not_guessed():
    pairs, result = paired(checkpoint_of(a__conv2d=A, b__conv2d=A), model_of(conv2d=A, conv2d_1=A))
    assert not pairs and len(result.sources) == len(result.targets) == 2
    assert "none of this kind in this scope; of its kind are a/conv2d, b/conv2d" in result.targets["conv2d"]


def test_a_chosen_name_is_paired_whatever_its_place():
    pairs, _ = paired(checkpoint_of(net__first=B, net__second=A), model_of(second=A, first=B))
    assert pairs == {"net/first": ("first", "name"), "net/second": ("second", "name")}


def test_an_underscore_may_stand_for_a_slash():
    pairs, _ = paired(checkpoint_of(block1__conv=A), model_of(block1_conv=A))
    assert pairs == {"block1/conv": ("block1_conv", "name")}
    pairs, _ = paired(checkpoint_of(a__b_c=A, a_b__c=A), model_of(a_b_c=A))
    assert not pairs, "it may stand for two names"


def test_two_stems_of_one_kind_have_no_order():
    names = ["batch_normalization", "tpu_batch_normalization"]
    here = [Variable(name + "/moving_mean", (4,), "float32") for name in names]
    there = [
        Layer(n, "", "batch_normalization", i, "batch_normalization", {"moving_mean": here[0]})
        for i, n in enumerate(["batch_normalization", "batch_normalization_1"])
    ]
    pairs, result = paired(sources.contents(here).layers, there)
    assert not pairs
    assert "batch_normalization and tpu_batch_normalization in one scope, which are counted apart" in str(result)


def test_automatic_names_of_slim_are_counted_by_their_owner():
    roles_of = {"weights": (3, 3, 3, 4), "BatchNorm/beta": (4,), "BatchNorm/moving_mean": (4,)}
    names = ["net/Conv", "net/Conv_1"]
    every = [Variable(n + "/" + role, shape, "float32") for n in names for role, shape in roles_of.items()]
    found = {layer.path: layer for layer in sources.contents(every).layers}
    norm = found["net/Conv_1/BatchNorm"]
    assert (norm.scope, norm.number, norm.kind) == ("net", 1, "batch_normalization")
    assert (found["net/Conv_1"].kind, list(found["net/Conv_1"].variables)) == ("conv2d", ["kernel"])


def test_parts_are_one_variable():
    parts = [Variable("dense/kernel/part_%d" % i, (rows, 4), "float32") for i, rows in enumerate((3, 2))]
    (layer,) = sources.contents(parts).layers
    kernel = layer.variables["kernel"]
    assert (kernel.name, kernel.shape, sources.axis_of_parts(kernel)) == ("dense/kernel", (5, 4), 0)
    parts = [Variable("dense/kernel/part_%d" % i, (4, columns), "float32") for i, columns in enumerate((3, 2))]
    (kernel,) = sources.joined(parts)
    assert (kernel.shape, sources.axis_of_parts(kernel)) == ((4, 5), 1)


def test_parts_by_name_are_put_together_and_taken_apart(tmp_path):
    from tfcompat.migrate.checkpoints.exporting import Exporting
    from tfcompat.migrate.checkpoints.loading import Loading
    from tfcompat.migrate.checkpoints.reader import Checkpoint

    v1, value = tf.compat.v1, np.arange(20, dtype="float32").reshape(5, 4)
    with tf.Graph().as_default(), v1.Session() as session:
        made = {"dense/kernel/part_0": v1.Variable(value[:3]), "dense/kernel/part_1": v1.Variable(value[3:])}
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver(made).save(session, str(tmp_path / "parts"))

    def build():
        return tf.keras.Sequential([layers.Input((5,)), layers.Dense(4, use_bias=False)])

    model = build()
    load_tf1_checkpoint(model, prefix)
    assert np.array_equal(model.get_weights()[0], value)
    Loading(prefix, build, None).write(str(tmp_path / "w.weights.h5"))
    Exporting(str(tmp_path / "w.weights.h5"), build, like=prefix).write(str(tmp_path / "back"))
    back = Checkpoint(str(tmp_path / "back"))
    assert [v.name for v in back.variables] == sorted(made)
    assert np.array_equal(back.read("dense/kernel/part_1"), value[3:])


def all_kinds():
    inputs = x = layers.Input((8, 8, 3))
    x = layers.DepthwiseConv2D(3)(x)
    x = layers.SeparableConv2D(4, 3)(x)
    x = layers.Conv2DTranspose(2, 3)(x)
    x = layers.Conv1D(3, 2)(layers.Reshape((-1, 2))(x))
    return tf.keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


def test_all_kinds_of_layers_are_loaded(tmp_path):
    """The names are those of `tf.layers` 1.15: `depthwise_conv2d` is Keras' own there, too."""
    model, v1 = all_kinds(), tf.compat.v1
    shapes = {}
    kinds = ("depthwise_conv2d", "separable_conv2d", "conv2d_transpose", "conv1d", "dense")
    keras = [layer for layer in model.layers if layer.weights]
    for kind, layer in zip(kinds, keras):
        for weight in layer.weights:
            role = "depthwise_kernel" if kind == "depthwise_conv2d" and weight.name == "kernel" else weight.name
            shapes["net/%s/%s" % (kind, role)] = tuple(weight.shape)
    with tf.Graph().as_default(), v1.Session() as session:
        made = [v1.get_variable(name, shape) for name, shape in shapes.items()]
        session.run(v1.global_variables_initializer())
        drawn = dict(zip(shapes, session.run(made)))
        prefix = v1.train.Saver(made).save(session, str(tmp_path / "kinds"))
    plan = load_tf1_checkpoint(model, prefix)
    assert len(plan.mapped) == len(plan) == 11
    for weight, value in zip((w for layer in keras for w in layer.weights), drawn.values()):
        assert np.array_equal(weight.numpy(), value), weight.path


def test_an_embedding_is_loaded_by_name(tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        table = v1.get_variable("words/embeddings", (7, 3))
        session.run(v1.global_variables_initializer())
        value, prefix = session.run(table), v1.train.Saver().save(session, str(tmp_path / "e"))
    model = tf.keras.Sequential([layers.Input((2,)), layers.Embedding(7, 3, name="words")])
    load_tf1_checkpoint(model, prefix)
    assert np.array_equal(model.get_weights()[0], value)


def test_a_shape_that_does_not_fit_is_unmatched_on_both_sides():
    inputs = layers.Input((6,))
    model = tf.keras.Model(inputs, layers.Dense(5, name="head")(inputs))
    here = sources.contents([Variable("head/" + r, s, "float32") for r, s in (("kernel", (6, 4)), ("bias", (5,)))])
    plan = planning.plan_transfer(here, Model(model))
    assert [row.target for row in plan.mapped] == ["head/bias"]
    assert {(row.side, row.name) for row in plan.unmatched} == {
        ("model", "head/kernel"),
        ("checkpoint", "head/kernel"),
    }


def renamed():
    inputs = x = layers.Input((8, 8, 3))
    for number in range(2):
        x = layers.Conv2D(4, 3, use_bias=False, name="c%d" % number)(x)
        x = layers.ReLU()(tfcompat.BatchNormalization(name="n%d" % number, release="1.15")(x))
    x = layers.Dense(5, name="d0")(layers.Flatten()(x))
    x = tfcompat.BatchNormalization(scale=False, name="n2", release="1.15")(x)
    return tf.keras.Model(inputs, layers.Dense(3, name="d1")(x))


def test_a_model_of_tf_keras_beside_keras_3_is_loaded():
    """Its variables are named `conv2d/kernel:0`, and its layers may have `/` in their names."""
    import tf_keras

    theirs = tf_keras.layers
    norm = {"momentum": 0.997, "epsilon": 1e-5}
    inputs = theirs.Input((8, 8, 3))
    x = theirs.Conv2D(4, 3, padding="same", use_bias=False, name="resnet_model/conv2d")(inputs)
    x = theirs.BatchNormalization(name="resnet_model/batch_normalization", **norm)(x)
    model = tf_keras.Model(inputs, x)
    plan = load_tf1_checkpoint(model, legacy.checkpoint("resnet"), allow_unmatched=True)
    assert [row.target for row in plan.mapped if row.target.endswith("kernel")] == ["resnet_model/conv2d/kernel"]
    assert len(plan.mapped) == 5 and {row.side for row in plan.unmatched} == {"checkpoint"}
    expected = legacy.expected("resnet")
    y = model(expected["input"]).numpy()
    assert legacy.in_eps(y, expected["resnet_model/batch_normalization/output"]) <= legacy.NET


MAP = {"conv2d": "c0", r"(?:conv2d)_(\d)": r"c\1", "dense/(.*)": r"d0/\1", "dense_1/(.*)": r"d1/\1"}
MAP.update({"batch_normalization": "n0", r"batch_normalization_(\d)": r"n\1"})


@pytest.mark.parametrize("as_file", [False, True])
def test_a_name_map_names_layers_and_variables(as_file, tmp_path):
    names = MAP
    if as_file:
        names = str(tmp_path / "map.json")
        (tmp_path / "map.json").write_text(json.dumps(MAP))
    model, expected = renamed(), legacy.expected("never-updated")
    plan = load_tf1_checkpoint(model, legacy.checkpoint("never-updated"), names)
    assert {row.by for row in plan.mapped} == {"name map"} and len(plan.mapped) == 17
    output = model(expected["input"]).numpy()
    assert legacy.in_eps(output, expected["output"]) <= legacy.NET


def test_without_the_name_map_chosen_names_are_unmatched():
    with pytest.raises(InputError, match="34 of 46 variables are unmatched"):
        load_tf1_checkpoint(renamed(), legacy.checkpoint("never-updated"))


@pytest.mark.parametrize(
    "names, message",
    [
        ({"conv9": "c0"}, "'conv9' matches no variable or layer of the checkpoint"),
        ({"conv2d": "c7"}, "the model has no 'c7'; near it are "),
        ({"dense/bias": "d0/bais"}, "the model has no 'd0/bais'; near it are d0/bias"),
        ({"(": "c0"}, r"'\(' is no regular expression"),
        ({"conv2d": 3}, "'conv2d' is mapped to 3; allowed is a string or null"),
    ],
)
def test_a_wrong_name_map_is_refused(names, message):
    with pytest.raises(InputError, match=message):
        load_tf1_checkpoint(renamed(), legacy.checkpoint("never-updated"), names)


@pytest.mark.parametrize(
    "text, message", [("[1]", "holds a list; a name map is an object"), ("{", "no JSON"), (None, "cannot be read")]
)
def test_a_wrong_file_of_a_name_map_is_refused(text, message, tmp_path):
    if text is not None:
        (tmp_path / "map.json").write_text(text)
    with pytest.raises(InputError, match=message):
        load_tf1_checkpoint(renamed(), legacy.checkpoint("never-updated"), str(tmp_path / "map.json"))


def test_the_names_of_a_map_are_remembered_as_used():
    made = NameMap({"a/(.*)": r"b/\1", "c": None})
    assert made.find("a/x") == (True, "b/x") and made.find("c") == (True, None) and made.find("d") == (False, None)
    made.check_used()


def renorm_model(release):
    return legacy.renorm_net(release)


def by_name(layer):
    return {weight.name: weight.numpy() for weight in layer.weights}


def test_renorm_of_1_4_becomes_that_of_1_15():
    model, norms = renorm_model("1.15")
    plan = load_tf1_checkpoint(model, legacy.checkpoint("renorm-1-4"))
    layer, expected = norms["batch_normalization"], legacy.expected("renorm-1-4")
    output = layer(expected["batch_normalization/input"]).numpy()
    assert output.tobytes() == expected["batch_normalization/output"].tobytes()
    (note,) = plan.notes
    assert "Inference is the same. Training is not" in note
    old_model, old = renorm_model("1.4")
    load_tf1_checkpoint(old_model, legacy.checkpoint("renorm-1-4"))
    was, now = by_name(old["batch_normalization"]), by_name(layer)
    for name in ("renorm_mean", "renorm_stddev"):
        exact = was[name].astype("float64") / float(was[name + "_weight"])
        assert np.array_equal(now[name], exact.astype("float32")) and not np.array_equal(now[name], was[name])
    assert np.array_equal(
        now["moving_stddev"], np.sqrt(was["moving_variance"].astype("float64") + 1e-3).astype("float32")
    )
    # The weight is 1 - 0.8 ** 30, so that the corrections are apart by a part of a thousand.
    x = expected["batch_normalization/input"]
    apart = layer(x, training=True).numpy() - old["batch_normalization"](x, training=True).numpy()
    assert 1e-5 < np.max(np.abs(apart)) < 1e-2


def test_renorm_of_1_15_becomes_that_of_1_4():
    model, norms = renorm_model("1.4")
    plan = load_tf1_checkpoint(model, legacy.checkpoint("renorm"))
    new_model, new = renorm_model("1.15")
    load_tf1_checkpoint(new_model, legacy.checkpoint("renorm"))
    layer, expected = norms["batch_normalization"], legacy.expected("renorm")
    x = expected["batch_normalization/input"]
    assert layer(x).numpy().tobytes() == expected["batch_normalization/output"].tobytes()
    assert by_name(layer)["renorm_mean_weight"] == by_name(layer)["renorm_stddev_weight"] == 1
    assert [row.name for row in plan.skipped if "moving_stddev" in row.name] == ["batch_normalization/moving_stddev"]
    assert "so is the next correction" in plan.notes[0]
    one, other = (l["batch_normalization"](x, training=True).numpy() for l in (norms, new))  # noqa: E741
    assert np.max(np.abs(one - other)) <= 4 * np.finfo("float32").eps * np.max(np.abs(other))


def plain_model():
    inputs = layers.Input((8, 8, 3))
    x = layers.ReLU()(
        tfcompat.BatchNormalization(fused=False, release="1.15")(layers.Conv2D(4, 3, use_bias=False)(inputs))
    )
    return tf.keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


@pytest.mark.parametrize("name", ["renorm", "renorm-1-4"])
def test_renorm_state_is_skipped_where_the_layer_has_none(name):
    model = plain_model()
    plan = load_tf1_checkpoint(model, legacy.checkpoint(name))
    assert sum("has no renorm" in row.reason for row in plan.skipped) == (3 if name == "renorm" else 4)
    expected = legacy.expected(name)
    output = model(expected["input"]).numpy()
    assert legacy.in_eps(output, expected["output"]) <= legacy.NET


def test_renorm_state_that_the_checkpoint_does_not_have_is_unmatched():
    plain = [("gamma", (4,)), ("beta", (4,)), ("moving_mean", (4,)), ("moving_variance", (4,))]
    here = sources.contents([Variable("batch_normalization/" + role, shape, "float32") for role, shape in plain])
    plan = planning.plan_transfer(here, Model(renorm_model("1.15")[0]))
    names = {row.name.split("/")[1] for row in plan.unmatched if "batch_norm" in row.name}
    assert names == {"moving_stddev", "renorm_mean", "renorm_stddev"}


def test_an_average_that_was_never_updated_is_where_it_starts():
    zero, mean, variance = np.zeros(2, "float32"), np.array([1, 2], "float32"), np.array([3, 8], "float32")
    made = values.convert("renorm_mean / weight", [zero, np.float32(0), mean], (2,), "float32", 1.0)
    assert made.tolist() == [1, 2]
    made = values.convert("renorm_stddev / weight", [zero, np.float32(0), variance], (2,), "float32", 1.0)
    assert made.tolist() == [2, 3]


def test_a_value_too_large_for_the_dtype_is_refused():
    assert np.isinf(values.convert("copy", [np.array([np.inf])], (1,), "float16")).all()
    with pytest.raises(InputError, match="too large for float16"):
        values.convert("copy", [np.array([1e6])], (1,), "float16")


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_checkpoint_is_put_together_of_parts_with_and_without_eager_execution(tmp_path, graph):
    from tfcompat.backend import checkpoints

    arrays = {"a/kernel": np.arange(6, dtype="float32").reshape(2, 3), "b/count": np.array(7, "int64")}
    parts, whole = [str(tmp_path / name) for name in ("first", "second")], str(tmp_path / "whole")
    with tf.Graph().as_default() if graph else contextlib.nullcontext():
        for part, (name, array) in zip(parts, arrays.items()):
            checkpoints.write_part(part, [name], [array])
        checkpoints.merge_parts(parts, whole)
    reader = checkpoints.Reader(whole)
    assert reader.entries == {"a/kernel": ((2, 3), "float32"), "b/count": ((), "int64")}
    assert all(np.array_equal(reader.read(name), array) for name, array in arrays.items())
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"whole"}
