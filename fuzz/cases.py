"""What hypothesis draws: cases as the catalogue has them, with what the function takes and what it must refuse."""

from hypothesis import strategies as st

from golden import catalogue

#: Weights of ordinary and of strange values: a case with several strange arguments tests only the first refusal.
_ORDINARY = 12

_MOMENTA = st.sampled_from([0.99, 0.9, 0.5, 0.0, 1.0, 0.999, 1, 0])
_EPSILONS = st.sampled_from([1e-3, 1e-5, 1e-7, 0.0, 1.0, 1])
_RATES = {"$": "tensor", "value": 0.75}


def _mostly(ordinary, *strange):
    """An ordinary value, or seldom one of the others."""
    return st.integers(0, _ORDINARY).flatmap(lambda n: st.sampled_from(strange) if n == _ORDINARY else ordinary)


def _initializers(key):
    drawn = {"$": "initializer", "key": key, "low": 0.5, "high": 2.0}
    return _mostly(st.sampled_from(["zeros", "ones", drawn]), None, "no_such_initializer", 3)


_CLIPPINGS = st.dictionaries(
    st.sampled_from(["rmax", "rmin", "dmax"]), st.sampled_from([0.0, 0.25, 1.0, 1.5, 3.0, 1]), max_size=3
)
_REGULARIZERS = _mostly(st.sampled_from([None, {"$": "regularizer", "scale": 0.125}]), "no_such_regularizer")
_CONSTRAINTS = _mostly(st.sampled_from([None, {"$": "constraint", "low": -0.25, "high": 0.75}]), "no_such_constraint")

#: Arguments but the axis, which depends on the input.
ARGUMENTS = {
    "momentum": _mostly(_MOMENTA, 1.5, -0.5, _RATES, None, "0.9"),
    "epsilon": _mostly(_EPSILONS, -1.0, _RATES, None, "small"),
    "center": _mostly(st.booleans(), 0, None),
    "scale": _mostly(st.booleans(), 0, None),
    "beta_initializer": _initializers("beta"),
    "gamma_initializer": _initializers("gamma"),
    "moving_mean_initializer": _initializers("mean"),
    "moving_variance_initializer": _initializers("variance"),
    "beta_regularizer": _REGULARIZERS,
    "gamma_regularizer": _REGULARIZERS,
    "beta_constraint": _CONSTRAINTS,
    "gamma_constraint": _CONSTRAINTS,
    "renorm": _mostly(st.booleans(), 1, None),
    "renorm_clipping": _mostly(_CLIPPINGS, None, {"rmean": 1.0}, {"rmax": None}, 3.0, "rmax"),
    "renorm_momentum": _mostly(_MOMENTA, -0.5, _RATES, None),
    "fused": _mostly(st.sampled_from([None, True, False]), 1, 0),
    "trainable": _mostly(st.booleans(), None, 0, 1),
    "virtual_batch_size": _mostly(st.sampled_from([None, 1, 2, 4]), 3, 0, -1, 2.0, "2"),
    "adjustment": st.sampled_from([{"$": "adjustment", "name": name} for name in ("named", "lambda", "per-example")]),
    "name": _mostly(st.sampled_from(["bn", "a/b", None]), "", 3),
}
_TRAINING = _mostly(
    st.sampled_from(["fed", True, False]),
    *("omitted", 0, 1, None, "yes", 2, 1.0),
    *({"$": "tensor", "dtype": "bool", "value": True}, {"$": "numpy", "dtype": "bool", "value": False}),
)


@st.composite
def inputs(draw):
    """An input: its shape, dtype, values, and what a graph knows of the shape."""
    rank = draw(st.sampled_from([4, 4, 4, 2, 3, 5, 1, 6]))
    sizes = st.integers(0 if draw(st.integers(0, _ORDINARY)) == _ORDINARY else 1, 4)
    shape = draw(st.lists(sizes, min_size=rank, max_size=rank))
    if draw(st.booleans()):
        shape[0] = draw(st.sampled_from([4, 8]))
    spec = {"shape": shape}
    spec["dtype"] = draw(_mostly(st.sampled_from(["float32", "float32", "float16", "float64"]), "bfloat16", "int32"))
    spec["static"] = draw(_mostly(st.sampled_from(["unknown-batch", "full", "unknown-spatial"]), *_STATIC))
    if spec["dtype"] == "float32":
        spec["values"] = draw(_mostly(st.just("dyadic"), *_VALUES))
    return spec


_STATIC = ("unknown-channels", "unknown-all", "unknown-rank")
_VALUES = ("huge-mean", "constant", "zeros", "negative-zeros", "tiny", "huge", "nan", "inf", "negative-zero")


def axes(rank):
    """An axis, or several."""
    inside = st.integers(-rank, rank - 1)
    one = st.one_of(st.sampled_from([-1, rank - 1]), inside)
    several = st.lists(inside, min_size=1, max_size=3, unique_by=lambda axis: axis % rank)
    strange = (rank, -rank - 1, [], [0, 0], [-1, rank - 1], 1.0, "last", None, ["1"], True, {"$": "tuple", "of": [-1]})
    return _mostly(st.one_of(one, one, several), *strange)


@st.composite
def cases(draw, mode):
    """A case for one mode."""
    spec = draw(inputs())
    names = draw(st.lists(st.sampled_from(sorted(ARGUMENTS)), max_size=5, unique=True))
    arguments = {name: draw(ARGUMENTS[name]) for name in names}
    if draw(st.booleans()):
        arguments["axis"] = draw(axes(len(spec["shape"])))
    case = {
        "id": "fuzz-%d" % draw(st.integers(0, 9)),
        "about": "drawn",
        "input": spec,
        "args": arguments,
        "training": draw(_TRAINING),
        "steps": draw(st.lists(st.sampled_from(["train", "train", "infer", *catalogue.LIFE]), min_size=1, max_size=6)),
        "start": draw(st.sampled_from(["set", "initial"])),
        "form": draw(st.sampled_from(["class", "function"])),
    }
    if draw(st.integers(0, 3)) == 3:
        _add_second_call(draw, case, mode in ("graph-v1", "graph-v2"))
    if draw(st.integers(0, 7)) == 7:
        case["train_op"] = True
    if draw(st.integers(0, 9)) == 9:
        case["second_order"] = True
    return catalogue.completed(case, {"family": "fuzz", "cases": []})


def _add_second_call(draw, case, in_graph):
    """Another call: of the same layer, or of the function with or without `reuse`."""
    if case["form"] == "class" or not in_graph:
        case["form"] = "class"
        case["calls"] = [{"layer": "a"}, {"layer": "a", "training": draw(st.sampled_from(["fed", False]))}]
        return
    case["args"].setdefault("name", "bn")
    reuse = draw(st.sampled_from([True, {"$": "auto-reuse"}, False, None]))
    case["calls"] = [{}, {"args": {"reuse": reuse}, "training": draw(st.sampled_from(["fed", False]))}]
