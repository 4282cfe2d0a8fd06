"""The parts of the fast kernels, each against the formula written in NumPy: every geometry, compiled and not."""

import types

import numpy as np
import pytest

from features import tf
from kernels import batch, close
from tfcompat import kernels, releases
from tfcompat.backend import ops
from tfcompat.config import Config
from tfcompat.kernels import engines, fast
from tfcompat.kernels.unfused import in_shape, normalize
from tfcompat.plan import resolve

pytestmark = pytest.mark.needs("tf2")

#: Shape of the input, axes that are reduced, whether they are kept: 19 examples are not a number of whole pieces.
GEOMETRIES = {
    "rank 2": ((19, 3), (0,), False),
    "fewer rows than pieces": ((3, 5), (0,), False),
    "images": ((5, 4, 2, 3), (0, 1, 2), False),
    "channels first": ((19, 3, 2, 2), (0, 2, 3), False),
    "axis 0": ((3, 4, 2), (1, 2), False),
    "kept": ((19, 2, 3), (0, 1), True),
    "two axes": ((5, 2, 4, 3), (0, 2), True),
    "virtual batches": ((4, 5, 2, 3), (0, 2), True),
}
ENGINES = {"plain": engines.PLAIN, "compiled": engines.COMPILED, "inlined": engines.INLINED}


@pytest.fixture(params=sorted(ENGINES))
def engine(request):
    """A way of computing."""
    return ENGINES[request.param]


def moments_of(x, axes, keep_dims):
    wide = x.astype("float64")
    return wide.mean(axes, keepdims=keep_dims), wide.var(axes, keepdims=keep_dims)


@pytest.mark.parametrize("geometry", sorted(GEOMETRIES))
def test_moments_are_mean_and_biased_variance(geometry, engine):
    shape, axes, keep_dims = GEOMETRIES[geometry]
    x = batch(shape)
    for moments in (engine.take_moments, tf.function(engine.take_moments)):
        for got, expected in zip(moments(tf.constant(x), axes, keep_dims), moments_of(x, axes, keep_dims)):
            close(got, expected)


@pytest.mark.parametrize("geometry", sorted(GEOMETRIES))
def test_moments_in_a_function_know_their_shape(geometry, engine):
    shape, axes, keep_dims = GEOMETRIES[geometry]
    known = []

    @tf.function(input_signature=[tf.TensorSpec([None, *shape[1:]])])
    def moments(x):
        found = engine.take_moments(x, axes, keep_dims)
        known.extend(moment.shape.as_list() for moment in found)
        return found

    moments(tf.constant(batch(shape)))
    sizes = [None, *shape[1:]]
    expected = [1 if axis in axes else size for axis, size in enumerate(sizes) if keep_dims or axis not in axes]
    assert known == [expected, expected]


@pytest.mark.parametrize("geometry", sorted(GEOMETRIES))
def test_moments_have_their_gradients(geometry, engine):
    shape, axes, keep_dims = GEOMETRIES[geometry]
    x, results = tf.constant(batch(shape)), []
    for moments in (engine.take_moments, lambda x, axes, keep: tf.compat.v1.nn.moments(x, axes, keep_dims=keep)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            mean, variance = moments(x, axes, keep_dims)
            loss = tf.reduce_sum(tf.sin(mean)) + tf.reduce_sum(tf.sin(variance))
        results.append(tape.gradient(loss, x))
    close(*results)


#: Arguments of the layer and the shape of its input.
NORMALIZED = {
    "rank 2": ({}, (19, 3)),
    "images": ({"fused": False}, (5, 4, 2, 3)),
    "channels first": ({"axis": 1, "fused": False}, (5, 3, 2, 2)),
    "axis 0": ({"axis": 0}, (3, 4, 2)),
    "two axes": ({"axis": [1, 3]}, (5, 2, 4, 3)),
    "virtual batches": ({"virtual_batch_size": 2}, (6, 2, 3)),
}


def stepped(way, plan, config, x, weights, training):
    """Output, and gradients of what is given."""
    mean, variance, offset, scale = (tf.constant(weight) if weight is not None else None for weight in weights)
    with tf.GradientTape() as tape:
        tape.watch([x] + [given for given in (offset, scale) if given is not None])
        if training:
            mean, variance = tf.nn.moments(x, plan.reduction_axes, keepdims=plan.keep_dims)
        y = way(x, mean, variance, offset, scale, plan, config, training)
        loss = tf.reduce_sum(y * tf.constant(batch(y.shape, seed=4)))
    return [y, *tape.gradient(loss, [x] + [given for given in (offset, scale) if given is not None])]


@pytest.mark.parametrize("affine", ["both", "scale", "offset", "neither"])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", sorted(NORMALIZED))
def test_normalizing_agrees_with_the_exact_arithmetic(kind, training, affine, engine):
    arguments, shape = NORMALIZED[kind]
    config = Config(**arguments)
    plan = resolve(config, releases.behaviour(ops.RELEASE), shape, "float32")
    x = batch(shape)
    if plan.virtual_batch_size is not None:
        x = x.reshape((2, 3, *shape[1:]))
    mean, variance = moments_of(x, plan.reduction_axes, plan.keep_dims)
    offset = batch(plan.param_shape, seed=2) if affine in ("both", "offset") else None
    scale = batch(plan.param_shape, seed=3) if affine in ("both", "scale") else None
    weights = [mean.astype("float32"), variance.astype("float32"), offset, scale]

    def shaped(x, mean, variance, offset, scale, *rest):
        offset, scale = in_shape(offset, plan), in_shape(scale, plan)
        return normalize(x, mean, variance, offset, scale, *rest)

    results = [stepped(way, plan, config, tf.constant(x), weights, training) for way in (engine.normalize, shaped)]
    for got, expected in zip(*results):
        close(got, expected)


#: Layout, shape of the input.
LAYOUTS = {
    "NHWC": (5, 3, 2, 3),
    "NCHW": (5, 3, 2, 2),
    "NDHWC": (2, 2, 3, 2, 3),
    "NCDHW": (2, 3, 2, 2, 2),
    "one": (1, 1, 1, 3),
}


def fused(engine, layout, training, dtype="float32", **kwargs):
    """Input, and what the kernel gives."""
    shape = LAYOUTS[layout]
    layout = "NHWC" if layout == "one" else layout
    x = batch(shape, dtype=dtype)
    vectors = {"mean": np.float32([0.5, 1, 2]), "variance": np.float32([2, 1, 0.5])}
    scale, offset = tf.constant([0.5, 1.0, 2.0]), tf.constant([1.0, 0.0, -1.0])
    return x, engine.fused_batch_norm(
        tf.constant(x), scale, offset, data_format=layout, epsilon=1e-3, is_training=training, **vectors, **kwargs
    )


def normalized(x, layout, mean, variance):
    """The formula in NumPy."""
    shape = [3 if name == "C" else 1 for name in layout]
    scale, offset = np.reshape([0.5, 1.0, 2.0], shape), np.reshape([1.0, 0.0, -1.0], shape)
    return (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + 1e-3) * scale + offset


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_fused_gives_the_output_of_the_batch_and_its_unbiased_variance(layout, engine):
    x, (y, mean, variance) = fused(engine, layout, True)
    layout = "NHWC" if layout == "one" else layout
    axes = tuple(axis for axis, name in enumerate(layout) if name != "C")
    size = x.size // 3
    expected = moments_of(x, axes, False)
    close(y, normalized(x.astype("float64"), layout, *expected), eps=256)
    close(mean, expected[0])
    close(variance, expected[1] * size / max(size - 1, 1))


def test_fused_of_two_elements_doubles_the_variance(engine):
    x = np.float32([1, 2, 3, 3, 5, 7]).reshape((2, 1, 1, 3))
    zeros, ones = np.zeros(3, "float32"), np.ones(3, "float32")
    _, mean, variance = engine.fused_batch_norm(tf.constant(x), ones, zeros, "NHWC", 1e-3, True, zeros, ones)
    assert mean.numpy().tolist() == [2, 3.5, 5]
    assert variance.numpy().tolist() == [2, 4.5, 8]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_fused_uses_the_given_moments_at_inference_and_gives_them_back(layout, engine):
    x, (y, mean, variance) = fused(engine, layout, False)
    assert mean.numpy().tolist() == [0.5, 1, 2]
    assert variance.numpy().tolist() == [2, 1, 0.5]
    close(y, normalized(x.astype("float64"), layout, mean.numpy(), variance.numpy()))


def test_fused_moves_the_averages_by_a_factor(engine):
    _, (_, mean, variance) = fused(engine, "NHWC", True)
    _, (_, moved_mean, moved_variance) = fused(engine, "NHWC", True, exponential_avg_factor=0.25)
    close(moved_mean, 0.75 * np.float32([0.5, 1, 2]) + 0.25 * mean.numpy())
    close(moved_variance, 0.75 * np.float32([2, 1, 0.5]) + 0.25 * variance.numpy())


def test_fused_gives_the_dtype_of_its_input_and_computes_in_that_of_its_scale(engine):
    x, (y, mean, _) = fused(engine, "NHWC", True, dtype="float16")
    assert (y.dtype, mean.dtype) == (tf.float16, tf.float32)
    close(mean, x.astype("float64").mean((0, 1, 2)))


@pytest.mark.parametrize("layout, shape", [("NHWC", (2, 200, 200, 1)), ("NCHW", (2, 1, 200, 200))])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sums_and_sizes_of_16_bits_may_be_larger_than_16_bits_hold(dtype, layout, shape, engine):
    x = np.where(np.arange(80000) % 2, 3.0, 1.0).reshape(shape)
    narrow, one, zero = tf.constant(x, dtype), tf.ones(1), tf.zeros(1)
    with tf.GradientTape() as tape:
        tape.watch((narrow, one, zero))
        y, mean, variance = engine.fused_batch_norm(narrow, one, zero, layout, 0.0, True, zero, one)
    dx, dscale, doffset = tape.gradient(y, (narrow, one, zero), output_gradients=tf.cast(x, dtype))
    assert (mean.numpy(), y.dtype, dx.dtype) == ([2], narrow.dtype, narrow.dtype)
    close(variance, [80000 / 79999])
    close(tf.cast(y, "float32"), x - 2)
    close(dscale, [80000])  # half of the gradient's elements are 3 where y is 1, half are 1 where y is -1
    close(doffset, [160000])
    assert not np.any(tf.cast(dx, "float32"))  # what is left of x without its mean and what is along y


def test_a_tape_does_not_see_what_is_in_between(engine, monkeypatch):
    """Else a compiled function would give back every step of its own, as large as the input."""
    seen, made = [], fast._made

    def watching(function, *rest):
        def forward(*tensors):
            seen.append(tensors)
            return made(function, *rest)(*tensors)

        return forward

    monkeypatch.setattr(fast, "_made", watching)
    monkeypatch.setattr(fast, "_moments_with_gradient", fast._moments_with_gradient.__wrapped__)
    monkeypatch.setattr(fast, "_affine_with_gradient", fast._affine_with_gradient.__wrapped__)
    x, one, zero = tf.constant(batch((5, 4, 2, 3))), tf.ones(3), tf.zeros(3)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((x, one, zero))
        y = engine.fused_batch_norm(x, one, zero, "NHWC", 1e-3, True, zero, one)[0]
    assert [len(tensors) for tensors in seen] == [1, 6]
    assert all(tape.gradient(inner, (x, one, zero)) == (None,) * 3 for tensors in seen for inner in tensors)
    assert all(gradient is not None for gradient in tape.gradient(y, (x, one, zero)))


@pytest.mark.parametrize("layout", ["NHWC", "NCHW", "NDHWC", "NCDHW"])
def test_output_of_fused_in_a_function_knows_the_shape_of_its_input(layout, engine):
    shape = LAYOUTS[layout]
    known = []

    @tf.function(input_signature=[tf.TensorSpec([None, *shape[1:]]), tf.TensorSpec([], tf.bool)])
    def run(x, training):
        ones = tf.ones(3)
        y = engine.fused_batch_norm(x, ones, ones, layout, 1e-3, training, ones, ones)[0]
        known.append(y.shape.as_list())
        return y

    run(tf.constant(batch(shape)), tf.constant(True))
    assert known == [[None, *shape[1:]]]


@pytest.fixture
def made(monkeypatch):
    """What is given to XLA, by name; nothing that was made before is used."""
    names = []

    def compiled(function):
        names.append(function.func.__name__)
        return function

    monkeypatch.setattr(ops, "compiled", compiled)
    caches = (fast._made, fast._moments_with_gradient, fast._affine_with_gradient)
    for cache in caches:
        cache.cache_clear()
    yield names
    for cache in caches:
        cache.cache_clear()


def test_the_compiled_engine_compiles_forward_and_gradient(made):
    x = tf.constant(batch((19, 3)))
    assert engines.COMPILED._asdict() == {"compiles": True, "inlined": False}
    engines.COMPILED.take_moments(x, (0,), False)
    assert made == ["_moments", "_gradient_of_moments"]
    fused(engines.COMPILED, "NHWC", True)
    assert sorted(made) == [
        "_affine",
        "_gradient",
        "_gradient_of_moments",
        "_gradient_of_moments",
        "_moments",
        "_moments",
    ]


def test_the_compiled_engine_compiles_the_moments_of_a_function_once(made):
    moments = tf.function(lambda x: engines.COMPILED.take_moments(x, (0,), False))
    for rows in (19, 5):
        moments(tf.constant(batch((rows, 3))))
    assert made == ["_moments"]


def test_the_plain_engine_compiles_nothing(made):
    engines.PLAIN.take_moments(tf.constant(batch((19, 3))), (0,), False)
    fused(engines.PLAIN, "NHWC", True)
    assert made == []


def test_functions_are_made_for_an_engine_and_a_geometry(made, engine):
    geometry = fast.Geometry(2, (0,), False)
    assert fast._made(fast._moments, engine, geometry).args == (geometry, engine)


@pytest.mark.parametrize(
    "name, terms, narrow, itself", [("plain", 1, 1, 1), ("compiled", 8, 8, 1), ("inlined", 8, 8, 8)]
)
def test_sums_are_cut_in_pieces_where_xla_would_add_up_terms(name, terms, narrow, itself, monkeypatch):
    """Those of products and of 16 bits always, those of the input itself where it may be computed in the same place."""
    pieces, uncut = [], fast._sum

    def counted(geometry, number, *rest):
        pieces.append(number)
        return uncut(geometry, number, *rest)

    monkeypatch.setattr(fast, "_sum", counted)
    engine, geometry, one, x = ENGINES[name], fast.Geometry(2, (0,), False), tf.ones(3), tf.constant(batch((19, 3)))
    for dtype, of_input in (("float32", itself), ("float64", itself), ("float16", narrow)):
        fast._moments(geometry, engine, tf.cast(x, dtype))
        wide = tf.cast(one, "float64" if dtype == "float64" else "float32")
        fast._gradient(geometry, engine, tf.cast(x, dtype), tf.cast(x, dtype), wide, wide, wide, wide, True)
        assert pieces == [of_input, terms] * 2
        pieces.clear()


@pytest.mark.parametrize("pieces", [1, 2, 8])
@pytest.mark.parametrize("geometry", sorted(GEOMETRIES))
def test_a_sum_is_the_same_in_any_number_of_pieces(geometry, pieces):
    shape, axes, keep_dims = GEOMETRIES[geometry]
    x, y = batch(shape), batch(shape, seed=2)
    terms = []

    def term(x, y):
        terms.append(x.shape)
        return x * y

    total = fast._sum(fast.Geometry(len(shape), axes, keep_dims), pieces, term, tf.constant(x), tf.constant(y))
    close(total, (x.astype("float64") * y).sum(axes, keepdims=keep_dims))
    assert len(terms) == (1 if pieces == 1 or axes[0] != 0 else pieces + 1)
    flat = axes == tuple(range(len(shape) - 1)) and not keep_dims and pieces > 1
    assert {term.rank for term in terms} == {2 if flat else len(shape)}


@pytest.mark.needs("xla")
def test_a_compiled_function_is_one_of_xla_for_any_batch_size():
    compiled = ops.compiled(lambda x: tf.reduce_sum(x, axis=0))
    traces = []

    def traced(x):
        traces.append(x.shape.as_list())
        return x + 1 if x.shape.rank else x

    other = ops.compiled(traced)
    for rows in (2, 3, 4, 5):
        other(tf.zeros((rows, 3)))
    assert traces == [[2, 3], [None, 3]]
    concrete = compiled.get_concrete_function(tf.zeros((2, 3)))
    assert concrete.function_def.attr["_XlaMustCompile"].b


def test_a_compiled_function_is_not_rewritten_by_autograph():
    def never(x):
        if tf.reduce_sum(x) > 0:  # a tensor is no bool unless autograph makes a conditional of this
            return x
        return -x

    with pytest.raises(TypeError, match="bool"):
        ops.compiled(never)(tf.zeros((2, 3)))


class Spy:
    """An engine that says by what it was asked."""

    def __init__(self):
        self.asked = []

    def take_moments(self, x, axes, keep_dims):
        self.asked.append("take_moments")
        return tf.nn.moments(x, axes, keepdims=keep_dims)

    def normalize(self, x, *rest):
        self.asked.append("normalize")
        return x

    def fused_batch_norm(self, x, scale, offset, **kwargs):
        self.asked.append("fused_batch_norm")
        return x, kwargs["mean"], kwargs["variance"]


def ran(monkeypatch, may_round=True, may_average=True, shape=(4, 3), **arguments):
    """What `kernels.run` asks of the engine that was chosen, and for what it was chosen."""
    spy, chosen = Spy(), []
    monkeypatch.setattr(engines, "choose", lambda *asked: chosen.append(asked) or spy)
    config = Config(**arguments)
    plan = resolve(config, releases.behaviour(ops.RELEASE), shape, "float32")
    x = tf.constant(batch(shape))
    weights = {"gamma": tf.ones(3), "beta": tf.zeros(3), "moving_mean": tf.zeros(3), "moving_variance": tf.ones(3)}
    exact = lambda x, axes, keep_dims: tf.nn.moments(x, axes, keepdims=keep_dims)  # noqa: E731
    step = kernels.run(x, weights, plan, config, True, exact, may_average=may_average, may_round=may_round)
    assert all(seen[0] is plan and seen[1] is x and seen[2] is True for seen in chosen)
    return types.SimpleNamespace(asked=spy.asked, chosen=len(chosen), step=step)


def test_fast_numerics_run_the_chosen_engine(monkeypatch):
    assert ran(monkeypatch, numerics="fast").asked == ["take_moments", "normalize"]
    assert ran(monkeypatch, numerics="fast", shape=(4, 2, 2, 3)).asked == ["fused_batch_norm"]


def test_float64_is_computed_in_float64(engine, monkeypatch):
    monkeypatch.setattr(engines, "choose", lambda *asked: engine)
    config = Config(numerics="fast")
    plan = resolve(config, releases.behaviour(ops.RELEASE), (19, 3), "float64")
    x = batch((19, 3)).astype("float64") + 1e-9
    ones, zeros = tf.ones(3, "float64"), tf.zeros(3, "float64")
    weights = {"gamma": ones, "beta": zeros, "moving_mean": zeros, "moving_variance": ones}
    exact = lambda x, axes, keep_dims: tf.nn.moments(x, axes, keepdims=keep_dims)  # noqa: E731
    y = kernels.run(tf.constant(x), weights, plan, config, True, exact, may_average=True, may_round=True).output
    np.testing.assert_allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3), rtol=0, atol=1e-12)


def test_exact_numerics_choose_no_engine(monkeypatch):
    seen = ran(monkeypatch, numerics="exact")
    assert (seen.asked, seen.chosen) == ([], 0)
    seen = ran(monkeypatch, numerics="exact", shape=(4, 2, 2, 3))
    assert (seen.asked, seen.chosen) == ([], 0)


def test_moments_that_may_not_be_replaced_choose_no_engine(monkeypatch):
    seen = ran(monkeypatch, numerics="fast", may_round=False)
    assert (seen.asked, seen.chosen) == ([], 0)


@pytest.mark.parametrize(
    "momentum, may_average, kinds", [(0.9, True, "assign"), (0.9, False, "subtract"), ("tensor", True, "subtract")]
)
def test_the_fused_kernel_averages_where_it_may_and_momentum_is_a_number(momentum, may_average, kinds, monkeypatch):
    momentum = tf.constant(0.9) if momentum == "tensor" else momentum
    step = ran(monkeypatch, shape=(4, 2, 2, 3), momentum=momentum, may_average=may_average).step
    assert {update.kind for update in step.updates} == {kinds}
