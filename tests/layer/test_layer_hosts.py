"""What the layer needs of each Keras, one promise at a time."""

import importlib
import os
import sys
import types
import zipfile

import numpy as np
import pytest
from tensorflow.python.ops import control_flow_util_v2

from features import HERE, keras, tf
from kernels import KERNELS, batch, close, values
from tfcompat.backend import host, models, ops
from tfcompat.layers import BatchNormalization

HOST = host.choose()


@pytest.mark.needs("keras3")
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_keras_on_another_backend_is_refused_with_the_cure(backend, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.delitem(sys.modules, "tfcompat.backend.keras3")
    with pytest.raises(RuntimeError) as caught:
        importlib.import_module("tfcompat.backend.keras3")
    assert str(caught.value) == (
        "Keras runs on {}, and tfcompat is made of TensorFlow operations; set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported.".format(backend)
    )


@pytest.mark.parametrize("version, name", [("3.12.0", "keras3"), ("2.15.0", "keras2"), (None, "keras2")])
def test_host_is_that_of_the_keras_that_tensorflow_has(version, name, monkeypatch):
    fake = types.SimpleNamespace(keras=types.SimpleNamespace(**({"__version__": version} if version else {})))
    modules = {other: types.ModuleType("tfcompat.backend." + other) for other in ("keras2", "keras3")}
    for other, module in modules.items():
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(sys.modules["tfcompat.backend"], other, module, raising=False)
    monkeypatch.setattr(host, "tf", fake)
    assert host.choose() is modules[name]


def test_layer_leaves_its_input_as_it_is_unless_told_a_dtype():
    layer = BatchNormalization(fused=False)
    assert layer(tf.constant(batch(dtype="float64"))).dtype == tf.float64
    assert getattr(layer, "autocast", getattr(layer, "_autocast", None)) is False


def test_shape_of_the_output_is_that_of_the_input():
    shape = (None, 4, 5, 3)
    assert tuple(BatchNormalization().compute_output_shape(shape)) == shape


@pytest.mark.needs("keras3")
@pytest.mark.parametrize("dtype, expected", [(None, "float32"), ("float64", "float64")])
def test_symbolic_output_has_the_dtype_that_the_layer_casts_to(dtype, expected):
    layer = BatchNormalization(dtype=dtype)
    output = layer(keras.Input((4, 3), dtype="float32"))
    assert (tuple(output.shape), str(output.dtype)) == ((None, 4, 3), expected)


@pytest.mark.needs("keras3")
def test_symbolic_output_of_a_layer_that_is_not_built_has_the_dtype_of_the_input():
    spec = BatchNormalization().compute_output_spec(keras.KerasTensor((2, 3), dtype="float16"))
    assert (tuple(spec.shape), spec.dtype) == ((2, 3), "float16")


@pytest.fixture
def layer():
    made = BatchNormalization(momentum=0.5, gamma_regularizer=keras.regularizers.l2(0.25), name="norm")
    made(tf.constant(batch()))
    return made


def test_variables_of_a_layer_are_named_and_kept_as_keras_shows_them(layer):
    assert [models.short_name(variable) for variable in layer.weights] == [
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ]
    assert [models.short_name(variable) for variable in layer.trainable_weights] == ["gamma", "beta"]
    assert {models.dtype_name(variable) for variable in layer.weights} == {"float32"}


def test_statistics_are_averaged_over_replicas_and_parameters_are_not(layer):
    def aggregation(variable):
        found = getattr(variable, "aggregation", None)
        return str(getattr(found, "name", found)).lower().rsplit(".", 1)[-1]

    assert [aggregation(variable) for variable in layer.weights] == ["none", "none", "mean", "mean"]


@pytest.mark.parametrize("trainable", [True, False])
def test_losses_of_regularizers_count_whether_or_not_the_layer_trains(layer, trainable):
    layer.trainable = trainable
    assert [float(loss) for loss in layer.losses] == [pytest.approx(0.25 * 3)]


@pytest.mark.parametrize("kind, expected", [("assign", 3.0), ("subtract", -2.0)])
def test_host_assigns_and_subtracts(layer, kind, expected):
    HOST.assign(layer.gamma, kind, tf.constant([3.0, 3.0, 3.0]))
    assert models.read(layer.gamma).tolist() == [expected] * 3


def test_value_written_to_a_variable_is_read_again(layer):
    models.write(layer.beta, np.float32([1.0, 2.0, 3.0]))
    assert models.read(layer.beta).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.graph
def test_value_written_is_read_again_from_the_session_of_keras_in_a_v1_graph_too():
    variable = tf.compat.v1.Variable(tf.zeros((2,)), use_resource=True)
    if hasattr(HOST.keras.backend, "set_value") or not ops.in_v1_graph():  # Keras 3 has no sessions
        models.write(variable, np.float32([4.0, 5.0]))
        assert models.read(variable).tolist() == [4.0, 5.0]


def test_children_of_a_model_are_its_layers_in_order_and_not_theirs():
    inner = keras.Sequential([keras.layers.Dense(2, name="a"), BatchNormalization(name="b")], name="inner")
    outer = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1, name="c")])
    assert [child.name for child in models.children(outer) if "input" not in child.name] == ["inner", "c"]
    assert [child.name for child in models.children(inner) if "input" not in child.name] == ["a", "b"]


def test_children_of_a_layer_are_those_in_its_lists_too():
    dense, other = keras.layers.Dense(1), keras.layers.Dense(2)
    listed = types.SimpleNamespace(_layers=[dense, types.SimpleNamespace(layers=[other]), types.SimpleNamespace()])
    assert models.children(listed) == [dense, other]
    assert models.children(types.SimpleNamespace()) == []


def sequential(value):
    """A model whose weights are all the same."""
    model = keras.Sequential([keras.Input((3,)), BatchNormalization(name="norm"), keras.layers.Dense(2, name="dense")])
    model.set_weights([np.full(weight.shape, value, "float32") for weight in model.get_weights()])
    return model


FILES = pytest.mark.parametrize(
    "ending",
    [".weights.h5", pytest.param(".keras", marks=pytest.mark.needs("keras-archive"))],
)


def save(model, path, value_of):
    (HOST.save_model if path.endswith(".keras") else HOST.save_weights)(model, path, value_of)


def taken_from(path, folder, model):
    """Name of layer and variable -> value that `load_weights` gives away."""
    names = {id(v): (layer.name, models.short_name(v)) for layer in model.layers for v in layer.weights}
    found = {}
    HOST.load_weights(model, path, str(folder), lambda v, value: found.update({names[id(v)]: np.asarray(value)}))
    return found


@FILES
def test_file_has_the_values_that_were_asked_for_and_the_others_as_they_are(tmp_path, ending):
    model, path = sequential(2.0), str(tmp_path / ("saved" + ending))
    save(model, path, lambda v: np.full(v.shape, 7.0, "float32") if models.short_name(v) == "beta" else None)
    assert os.listdir(str(tmp_path)) == ["saved" + ending]
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    values = taken_from(path, unpacked, sequential(0.0))
    assert {name: set(value.ravel()) for name, value in values.items()} == {
        ("norm", "gamma"): {2.0},
        ("norm", "beta"): {7.0},
        ("norm", "moving_mean"): {2.0},
        ("norm", "moving_variance"): {2.0},
        ("dense", "kernel"): {2.0},
        ("dense", "bias"): {2.0},
    }


@pytest.mark.needs("keras3")
def test_model_file_is_unpacked_in_the_folder_that_was_named_and_loads_as_a_model(tmp_path):
    path, folder = str(tmp_path / "saved.keras"), tmp_path / "unpacked"
    folder.mkdir()
    save(sequential(2.0), path, lambda v: None)
    taken_from(path, folder, sequential(0.0))
    assert os.listdir(str(folder)) == ["model.weights.h5"]
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist().count("model.weights.h5") == 1 and "config.json" in archive.namelist()
    loaded = keras.models.load_model(path)
    assert all((weight == 2.0).all() for weight in loaded.get_weights())


@pytest.mark.needs("keras2")
def test_model_file_is_refused_by_a_keras_that_writes_none(monkeypatch, tmp_path):
    from tfcompat.errors import InputError

    monkeypatch.setattr(HOST, "keras", types.SimpleNamespace())
    with pytest.raises(InputError) as caught:
        HOST.save_model(None, "m.keras", None)
    assert str(caught.value) == "m.keras: Keras of this TensorFlow writes no .keras files; write .weights.h5"


class Registered:
    """A class that Keras can write."""

    def get_config(self):
        return {}


def test_registered_class_is_found_by_the_name_of_the_package(registry):
    HOST.register(Registered)
    name = HOST.registered_name(Registered)
    assert name == ("tfcompat>Registered" if HERE["registry"] else "Registered")
    assert HOST.registered_object(name) is Registered
    assert HOST.registered_object("tfcompat>Nobody") is None
    assert HOST.registered_name(len) is None


@pytest.mark.needs("keras2")
def test_class_is_registered_under_its_own_name_where_keras_has_no_decorator(registry, monkeypatch):
    fake = types.SimpleNamespace(utils=types.SimpleNamespace(get_custom_objects=lambda: registry))
    monkeypatch.setattr(HOST, "keras", fake)
    assert HOST.register(Registered) is Registered
    assert registry["Registered"] is Registered and HOST.registered_object("Registered") is Registered
    assert HOST.registered_object("Nobody") is None


@pytest.mark.needs("keras3")
def test_graph_has_one_learning_phase_and_each_graph_its_own(graph):
    phase = HOST.graph_training()
    with tf.name_scope("elsewhere"):
        assert HOST.graph_training() is phase
    assert (phase.op.name, phase.dtype, phase.shape.as_list()) == ("keras_learning_phase", tf.bool, [])
    with tf.Graph().as_default():
        assert HOST.graph_training() is not phase
    with tf.compat.v1.Session(graph=graph) as session:
        assert session.run(phase) == np.False_


@pytest.mark.needs("keras3")
def test_learning_phase_is_named_alike_in_whatever_scope_it_is_made(graph):
    with tf.name_scope("elsewhere"):
        assert HOST.graph_training().op.name == "keras_learning_phase"


@pytest.mark.parametrize(
    "training, known",
    [(True, True), (False, False), (1, True), (0, False), (np.bool_(True), True)],
)
def test_value_of_training_is_known_where_it_is_a_constant(training, known):
    assert ops.static_value(training) is known


def test_value_of_training_is_that_of_a_constant_tensor_and_unknown_of_a_variable_or_a_placeholder(graph):
    assert ops.static_value(tf.constant(True)) == np.True_
    assert ops.static_value(tf.constant(False)) == np.False_
    assert ops.static_value(tf.compat.v1.placeholder(tf.bool, ())) is None
    assert ops.static_value(tf.Variable(True)) is None


@pytest.mark.parametrize("condition, expected", [(True, 1.0), (False, 2.0)])
def test_branch_of_a_condition_is_taken_whether_it_is_known_or_a_variable(condition, expected):
    for given in (condition, tf.constant(condition), tf.Variable(condition)):
        assert float(ops.smart_cond(given, lambda: tf.constant(1.0), lambda: tf.constant(2.0))) == expected
    assert float(ops.select(tf.constant(condition), tf.constant(1.0), tf.constant(2.0))) == expected


def test_condition_of_known_value_is_taken_in_python_and_another_in_the_graph(graph):
    assert ops.smart_cond(True, lambda: "yes", lambda: "no") == "yes"
    assert ops.smart_cond(tf.constant(False), lambda: "yes", lambda: "no") == "no"
    fed = tf.compat.v1.placeholder_with_default(True, ())
    found = ops.smart_cond(fed, lambda: tf.constant(1.0), lambda: tf.constant(2.0))
    with tf.compat.v1.Session(graph=graph) as session:
        assert [session.run(found, {fed: value}) for value in (True, False)] == [1.0, 2.0]


@pytest.mark.parametrize(
    "shape, expected",
    [((2, None), (2, None)), ([3], (3,)), ((), ()), (None, None), (tf.TensorShape([1, None]), (1, None))],
)
def test_shape_is_a_tuple_with_none_where_it_is_unknown(shape, expected):
    assert ops.as_shape(shape) == expected


def test_shape_and_dtype_are_those_of_whatever_has_them():
    array = np.zeros((2, 3), "float64")
    for x in (array, tf.constant(array), tf.Variable(array)):
        assert (ops.shape_of(x), ops.dtype_name(x)) == ((2, 3), "float64")


def test_moments_are_the_mean_and_the_biased_variance():
    x = batch((6, 3))
    for keep in (True, False):
        mean, variance = ops.moments(tf.constant(x), (0,), keep)
        assert mean.shape == variance.shape == ((1, 3) if keep else (3,))
        np.testing.assert_allclose(np.squeeze(mean), x.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(np.squeeze(variance), x.var(axis=0), rtol=1e-5)


def test_weighted_moments_leave_out_what_has_no_weight():
    x, weights = batch((6, 3)), np.float32([1, 1, 0, 1, 0, 0]).reshape((6, 1))
    for keep in (True, False):
        mean, variance = ops.weighted_moments(tf.constant(x), (0,), tf.constant(weights), keep)
        assert mean.shape == variance.shape == ((1, 3) if keep else (3,))
        np.testing.assert_allclose(np.squeeze(mean), x[[0, 1, 3]].mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(np.squeeze(variance), x[[0, 1, 3]].var(axis=0), rtol=1e-4)


@pytest.mark.parametrize("layout, shape", [("NDHWC", (4, 2, 3, 2, 3)), ("NHWC", (4, 3, 2, 3))])
def test_fused_kernel_takes_rank_5_on_any_runtime(layout, shape, monkeypatch):
    monkeypatch.setattr(ops, "FUSED_TAKES_RANK_5", False)
    x = tf.constant(batch(shape))
    y, mean, variance = ops.fused_batch_norm(x, tf.ones(3), tf.zeros(3), layout, epsilon=1e-3)
    axes = tuple(range(len(shape) - 1))
    n = np.prod(shape[:-1])
    assert y.shape == x.shape
    np.testing.assert_allclose(mean, batch(shape).mean(axis=axes), rtol=1e-5)
    np.testing.assert_allclose(variance, batch(shape).var(axis=axes) * n / (n - 1), rtol=1e-5)
    expected = (batch(shape) - batch(shape).mean(axis=axes)) / np.sqrt(batch(shape).var(axis=axes) + 1e-3)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_static_shape_of_a_flattened_rank_5_input_is_kept(graph, monkeypatch):
    monkeypatch.setattr(ops, "FUSED_TAKES_RANK_5", False)
    x = tf.compat.v1.placeholder(tf.float32, (None, 2, 3, 2, 3))
    y, _, _ = ops.fused_batch_norm(x, tf.ones(3), tf.zeros(3), "NDHWC", epsilon=1e-3)
    assert y.shape.as_list() == [None, 2, 3, 2, 3]


def test_features_of_the_kernel_are_those_of_the_release_that_runs():
    release = tuple(int(part) for part in tf.__version__.split(".")[:2])
    assert tf.__version__ == ops.RELEASE
    assert (release < (2, 4)) is ops.FUSED_LEAVES_MOMENTS_UNSET
    assert (release >= (2, 2)) is ops.FUSED_AVERAGES
    assert (release >= (2, 6)) is ops.FUSED_TAKES_RANK_5
    assert (release >= (2, 22)) is ops.VARIANCE_DEPENDS_ON_MEAN


@pytest.mark.needs("keras3")
@pytest.mark.parametrize("kind", ["fused", "unfused", "renorm"])
def test_stateless_call_gives_the_averages_back_and_changes_none(kind):
    arguments, shape, _ = KERNELS[kind]
    x = tf.constant(batch(shape))
    stateful = BatchNormalization(momentum=0.5, **arguments)
    layer = BatchNormalization(momentum=0.5, **arguments)
    layer.build(shape)
    before = values(layer)
    y, averages = layer.stateless_call(layer.trainable_variables, layer.non_trainable_variables, x, training=True)
    assert np.array_equal(y, stateful(x, training=True))
    assert len(averages) == len(stateful.non_trainable_variables) >= 2
    for got, expected in zip(averages, stateful.non_trainable_variables):
        assert np.array_equal(got, expected), expected.name
    assert {name: value.tolist() for name, value in values(layer).items()} == {
        name: value.tolist() for name, value in before.items()
    }


def intermediates_are_kept():
    return control_flow_util_v2._EXPERIMENTAL_OUTPUT_ALL_INTERMEDIATES_OVERRIDE


@pytest.mark.graph
def test_conditionals_of_a_graph_keep_their_intermediates_for_as_long_as_is_asked(graph):
    with ops.keeping_intermediates():
        assert intermediates_are_kept() is True
    assert intermediates_are_kept() is None


@pytest.mark.graph
def test_conditionals_keep_what_somebody_else_has_decided(graph, monkeypatch):
    monkeypatch.setattr(control_flow_util_v2, "_EXPERIMENTAL_OUTPUT_ALL_INTERMEDIATES_OVERRIDE", False)
    with ops.keeping_intermediates():
        assert intermediates_are_kept() is False
    assert intermediates_are_kept() is False


@pytest.mark.graph
@pytest.mark.parametrize("defun, xla", [(True, False), (False, True)])
def test_conditionals_in_functions_and_under_xla_are_left_as_they_are(graph, monkeypatch, defun, xla):
    monkeypatch.setattr(control_flow_util_v2, "in_defun", lambda: defun)
    monkeypatch.setattr(ops, "in_xla", lambda: xla)
    with ops.keeping_intermediates():
        assert intermediates_are_kept() is None


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("initializer", ["gamma_initializer", "moving_mean_initializer"])
def test_variable_without_an_initializer_is_glorot_uniform(initializer):
    layer = BatchNormalization(**{initializer: None})
    layer.build((None, 50))
    value = values(layer)[initializer[: -len("_initializer")]]
    limit = np.sqrt(6 / 100)
    assert len(set(value.tolist())) == 50 and limit / 2 < np.abs(value).max() <= limit


@pytest.mark.needs("keras3")
def test_averages_are_kept_on_each_replica_and_read_as_their_mean():
    layer = BatchNormalization()
    layer.build((None, 3))
    for average in layer.non_trainable_variables:
        assert (average.aggregation, average.synchronization) == ("mean", "on_read")
        assert not average.trainable


@pytest.mark.needs("keras3")
def test_keras_is_not_left_out_where_it_computes_again_for_the_gradient():
    if not hasattr(keras, "RematScope"):
        pytest.fail("this Keras has no RematScope; leave this test out for it")
    x = tf.constant(batch())
    plain = BatchNormalization()
    with keras.RematScope(mode="full"):
        again = BatchNormalization()
    for layer in (plain, again):
        assert not HOST.adds_nothing(layer, x)
        layer(x)
    assert HOST.adds_nothing(plain, x) and not HOST.adds_nothing(again, x)


@pytest.mark.needs("keras3")
@pytest.mark.parametrize("plain, active", [(False, True), (True, False)])
def test_clone_of_a_model_calls_its_layers_as_the_model_does_but_those_that_take_no_arguments(plain, active):
    x = keras.Input((200,))
    model = keras.Model(x, keras.layers.Dropout(0.5)(x, training=True))
    clone = HOST.clone_model(model, lambda layer: type(layer).from_config(layer.get_config()), lambda layer: plain)
    assert bool((np.asarray(clone(tf.ones((1, 200)))) == 0).any()) is active


def test_short_name_of_a_variable_is_the_last_part():
    name = types.SimpleNamespace(name="model/bn/gamma:0")
    assert models.short_name(name) == "gamma"


@pytest.mark.needs("keras-archive", "keras2")
@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_weights_of_a_file_are_given_away_one_by_one(tmp_path, suffix):
    def made():
        return keras.Sequential([keras.Input((3,)), BatchNormalization()])

    model, path, taken = made(), str(tmp_path / "model") + suffix, {}
    model.layers[0].moving_mean.assign([1.0, 2.0, 3.0])
    model.compile(loss=lambda true, predicted: tf.reduce_sum(predicted - true))  # a loss that no file can name
    (model.save if suffix == ".keras" else model.save_weights)(path)
    other = made()
    HOST.load_weights(other, path, str(tmp_path), lambda variable, value: taken.update({variable.name: value.tolist()}))
    assert len(taken) == 4 and list(taken.values())[2] == [1.0, 2.0, 3.0]


@pytest.mark.needs("tf2")
def test_tensor_is_eager_where_it_has_its_value_and_operations_run_at_once():
    eager = tf.constant(1.0)
    assert ops.is_eager(eager)
    assert not ops.is_eager(np.float32(1.0)) and not ops.is_eager(types.SimpleNamespace(numpy=None))
    with tf.Graph().as_default():
        assert not ops.is_eager(eager) and not ops.is_eager(tf.constant(1.0))


@pytest.mark.needs("rank5-fused")
@pytest.mark.parametrize("data_format", ["NDHWC", "NCDHW"])
@pytest.mark.parametrize("is_training", [True, False])
def test_rank_5_is_rank_4_to_a_fused_kernel_that_takes_no_other(data_format, is_training, monkeypatch):
    x = batch((2, 3, 4, 5, 3) if data_format == "NDHWC" else (2, 3, 3, 4, 5))
    scale, offset, mean, variance = (tf.constant(batch((3,), seed=seed)) for seed in range(4))
    given = {} if is_training else {"mean": mean, "variance": tf.square(variance)}

    @tf.function(input_signature=[tf.TensorSpec([None, *x.shape[1:]])], autograph=False)
    def run(x):
        y, *moments = ops.fused_batch_norm(x, scale, offset, data_format, epsilon=0.5, is_training=is_training, **given)
        assert y.shape.as_list() == x.shape.as_list()
        return [y] + moments * is_training

    expected = run(x)
    monkeypatch.setattr(ops, "FUSED_TAKES_RANK_5", False)
    again = tf.function(run.python_function, input_signature=run.input_signature, autograph=False)
    for got, value in zip(again(x), expected):
        close(got, value)


@pytest.mark.graph
def test_value_of_a_variable_is_not_known_when_a_graph_is_made():
    assert ops.static_value(tf.Variable(True)) is None
    assert ops.static_value(tf.constant(True)) in (True, np.True_)
    assert ops.static_value(0) is False


@pytest.mark.needs("keras2", "policy")
def test_variables_keep_their_dtype_under_a_policy_that_casts():
    layer = BatchNormalization(dtype="mixed_float16", autocast=True)
    layer.build((None, 3))
    assert not any("AutoCast" in type(variable).__name__ for variable in layer.weights)


@pytest.mark.needs("keras2", "tf2")
def test_mask_that_a_model_was_made_with_is_left_out_by_a_layer_that_follows_a_release_without_masks():
    x, mask = keras.Input((5, 3)), keras.Input((5,), dtype="bool")
    y = BatchNormalization(release="2.4")(x, mask=mask)
    model = keras.Model([x, mask], y)
    values = tf.constant(batch((2, 5, 3)))
    np.testing.assert_array_equal(
        model([values, tf.zeros((2, 5), bool)]), BatchNormalization(release="2.4")(values, training=False)
    )
