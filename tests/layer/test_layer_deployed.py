"""Every kernel where it is deployed or wrapped: TFLite, ONNX, a SavedModel that trains on, loops, mixed precision."""

import warnings

import numpy as np
import pytest

from features import HERE, REAL, keras, tf
from kernels import KERNELS, batch, close, values
from tfcompat.layers import BatchNormalization

pytestmark = pytest.mark.needs("tf2")
EVERY_KERNEL = pytest.mark.parametrize("kind", sorted(KERNELS))


@pytest.fixture
def trained(request):
    """A function that makes a layer of a kind, trained a step, with its input."""

    def make(kind, **more):
        arguments, shape, _ = KERNELS[kind]
        layer = BatchNormalization(momentum=0.5, **arguments, **more)
        x = batch(shape)
        layer(tf.constant(x), training=True)
        return layer, x

    return make


def in_tflite(model, x):
    """The output of a TFLite model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the interpreter is to move to another package
        interpreter = tf.lite.Interpreter(model_content=model)
    (fed,), (fetched,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(fed["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(fed["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(fetched["index"]), [one["op_name"] for one in interpreter._get_ops_details()]


@pytest.mark.needs("export")
@EVERY_KERNEL
def test_tflite_gives_the_same_output_and_reads_no_variable(kind, trained, tmp_path):
    layer, x = trained(kind)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    model.export(str(tmp_path / "exported"), **({"verbose": False} if HERE["keras3"] else {}))
    got, operations = in_tflite(tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "exported")).convert(), x)
    close(got, layer(tf.constant(x), training=False), eps=8)
    assert not {"READ_VARIABLE", "VAR_HANDLE"} & set(operations)


@pytest.mark.needs("tf2onnx")
@EVERY_KERNEL
def test_onnx_gives_the_same_output(kind, trained):
    import tf2onnx
    from onnx.reference import ReferenceEvaluator

    layer, x = trained(kind)
    infer = tf.function(lambda x: layer(x, training=False))
    model, _ = tf2onnx.convert.from_function(infer, input_signature=[tf.TensorSpec([None, *x.shape[1:]], name="x")])
    (got,) = ReferenceEvaluator(model).run(None, {"x": x})
    close(got, layer(tf.constant(x), training=False), eps=8)


@EVERY_KERNEL
def test_saved_model_with_a_training_argument_trains_on(kind, trained, tmp_path):
    layer, x = trained(kind)
    module = tf.Module()
    module.layer = layer
    signature = [tf.TensorSpec([None, *x.shape[1:]]), tf.TensorSpec([], tf.bool)]
    module.run = tf.function(lambda x, training: layer(x, training=training), input_signature=signature)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    twin = BatchNormalization(momentum=0.5, **KERNELS[kind][0])
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())
    for training in (True, False, True):
        fed = tf.constant(x), tf.constant(training)
        close(loaded.run(*fed), tf.function(twin)(fed[0], training=fed[1]), eps=4)


@EVERY_KERNEL
def test_averages_move_in_a_while_loop(kind, trained):
    layer, x = trained(kind)
    twin, _ = trained(kind)
    inputs = tf.constant(x)

    @tf.function
    def loop(steps):
        def body(step, last):
            y = layer(inputs + tf.cast(step, tf.float32), training=True)
            return step + 1, y

        return tf.while_loop(lambda step, last: step < steps, body, [0, inputs])[1]

    got = loop(tf.constant(3))
    for step in range(3):
        expected = twin(inputs + float(step), training=True)
    close(got, expected, eps=32)
    for name, value in values(twin).items():
        close(values(layer)[name], value, eps=8)


@pytest.mark.parametrize("taken", [True, False])
@EVERY_KERNEL
def test_averages_move_in_the_branch_that_is_taken_alone(kind, taken, trained):
    layer, x = trained(kind)
    twin, _ = trained(kind)
    inputs = tf.constant(x)

    @tf.function
    def branch(taken):
        return tf.cond(taken, lambda: layer(inputs, training=True), lambda: inputs)

    got = branch(tf.constant(taken))
    close(got, twin(inputs, training=True) if taken else inputs, eps=32)
    for name, value in values(twin).items():
        close(values(layer)[name], value, eps=8)


def recomputed(layer, x):
    """Gradients through `tf.recompute_grad`, and the variables afterwards."""
    layer(x, training=False)
    layer(x, training=True)
    inside = tf.recompute_grad(lambda x: layer(x, training=True))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(inside(x) ** 3)
    return [tape.gradient(loss, x).numpy(), *(np.asarray(variable) for variable in layer.get_weights())]


@pytest.mark.needs("real", "keras2")
@pytest.mark.parametrize("fused", [True, False])
def test_gradient_checkpointing_is_as_with_the_real_layer(fused):
    x = tf.constant(batch())
    ours, real = (
        recomputed(cls(momentum=0.5, fused=fused), x) for cls in (BatchNormalization, REAL.BatchNormalization)
    )
    for got, expected in zip(ours, real):
        assert got.tobytes() == expected.tobytes()


@pytest.mark.needs("policy")
@pytest.mark.parametrize(
    "policy, narrow",
    [
        ("mixed_float16", "float16"),
        pytest.param("mixed_bfloat16", "bfloat16", marks=pytest.mark.needs("bfloat16")),
    ],
)
@pytest.mark.parametrize("fused", [True, False])
def test_mixed_precision_keeps_variables_in_float32_and_gives_the_narrow_dtype(policy, narrow, fused):
    x = batch()
    layer = BatchNormalization(momentum=0.5, fused=fused, dtype=policy)
    wide = BatchNormalization(momentum=0.5, fused=fused)
    got = layer(tf.cast(x, narrow), training=True)
    expected = wide(tf.cast(tf.cast(x, narrow), "float32"), training=True)
    assert got.dtype.name == narrow
    assert {np.asarray(weight).dtype.name for weight in layer.get_weights()} == {"float32"}
    one_rounding = {"float16": 2.0**13, "bfloat16": 2.0**16}[narrow]  # of the narrow dtype, in eps of float32
    close(tf.cast(got, "float32"), tf.cast(tf.cast(expected, narrow), "float32"), eps=1.5 * one_rounding)
    for name, value in values(wide).items():
        close(values(layer)[name], value, eps=8)
