"""Audits of graphs that are made here: by tfcompat, and by TF2, where calls and control flow are functions."""

import os

import numpy as np
import pytest
import tensorflow as tf
from expected_audits import DEFAULTS, EXPECTED
from tensorflow.python.grappler import tf_optimizer
from tensorflow.python.tools.optimize_for_inference_lib import optimize_for_inference
from test_audit_legacy import MODELS, codes_of, rows_of

import tfcompat
from tfcompat.migrate.auditing.audit import audit

tf1 = tf.compat.v1
IMAGE = (None, 4, 4, 3)
PHASE = "phase"

#: Name of the layer -> shape of the input, arguments, training.
CALLS = {
    "fused": (IMAGE, {"momentum": 0.9, "epsilon": 1e-4}, PHASE),
    "unfused": (IMAGE, {"momentum": 0.997, "fused": False}, PHASE),
    "no-center": ((None, 6), {"momentum": 0.95, "center": False}, PHASE),
    "no-parameters": (IMAGE, {"momentum": 0.5, "center": False, "scale": False}, True),
    "inference": ((None, 6), {}, False),
    "first-axis": ((None, 3, 4, 4), {"axis": 1, "fused": False}, True),
    "first-axis-inference": ((None, 3, 4, 4), {"axis": 1, "fused": False}, False),
    "middle-axis": ((None, 5, 3), {"axis": 1}, True),
    "two-axes": ((None, 5, 4, 3), {"axis": [1, 3]}, PHASE),
    "two-axes-inference": ((None, 5, 4, 3), {"axis": [1, 3]}, False),
    "virtual-batch": (IMAGE, {"virtual_batch_size": 2}, True),
    "renorm": (
        IMAGE,
        {"renorm": True, "renorm_momentum": 0.8, "renorm_clipping": {"rmax": 3.0, "dmax": 5.0}},
        PHASE,
    ),
    "renorm-no-scale": ((None, 3), {"renorm": True, "scale": False}, PHASE),
    "renorm-no-center": ((None, 3), {"renorm": True, "center": False, "renorm_clipping": {"rmin": 0.1}}, True),
    "renorm-inference": ((None, 3), {"renorm": True}, False),
    "no-momentum": ((None, 3), {"momentum": 0.0}, True),
    "volume": ((None, 2, 4, 4, 3), {}, True),
}


def expected(name):
    _, arguments, training = CALLS[name]
    wanted = dict(DEFAULTS, **{key: value for key, value in arguments.items() if key != "fused"})
    if arguments.get("renorm"):
        wanted.setdefault("renorm_momentum", 0.99)
        wanted["renorm_momentum"] = arguments.get("renorm_momentum", 0.99)
    if training is False:
        wanted.update(dict.fromkeys(("renorm_clipping", "renorm_momentum"), "?") if arguments.get("renorm") else {})
        wanted["momentum"] = "?"
    return wanted


@pytest.fixture(scope="module")
def own_sites(tmp_path_factory):
    """Layer -> site, of a v1 graph with all of `CALLS`."""
    with tf.Graph().as_default():
        phase = tf1.placeholder(tf.bool, [], PHASE)
        for name, (shape, arguments, training) in CALLS.items():
            inputs = tf1.placeholder(tf.float32, shape)
            training = phase if training is PHASE else training
            tfcompat.batch_normalization(inputs, training=training, name=name, **arguments)
        path = str(tmp_path_factory.mktemp("own") / "graph.meta")
        tf1.train.export_meta_graph(path)
    sites = audit(path).sites
    assert [site.layer for site in sites] == list(CALLS)
    return {site.layer: site for site in sites}


@pytest.mark.parametrize("name", CALLS)
def test_every_argument_of_a_call_of_tfcompat_is_read_from_its_graph(own_sites, name):
    site = own_sites[name]
    assert {key: value for key, value in site.arguments.items() if key != "fused"} == expected(name)
    assert str(site.training) == {PHASE: "placeholder phase"}.get(CALLS[name][2], str(CALLS[name][2]))


class Model(tf.Module):
    """A module with one layer."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm
        self.norm(np.zeros((2, 4, 4, 3), "float32"))

    @tf.function(input_signature=[tf.TensorSpec(IMAGE), tf.TensorSpec([], tf.bool, "phase")])
    def either(self, inputs, phase):
        return self.norm(inputs, training=phase)

    @tf.function(input_signature=[tf.TensorSpec(IMAGE)])
    def train(self, inputs):
        return self.norm(inputs, training=True)

    @tf.function(input_signature=[tf.TensorSpec(IMAGE)])
    def infer(self, inputs):
        return self.norm(inputs, training=False)


def saved(model, folder, *functions):
    signatures = {name: getattr(model, name) for name in functions}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return audit(str(folder))


@pytest.mark.parametrize(
    "arguments",
    [
        *({"momentum": 0.9}, {"momentum": 0.997, "fused": False}, {"axis": 1, "fused": False}),
        {"renorm": True, "renorm_momentum": 0.8, "renorm_clipping": {"rmax": 3.0}},
    ],
    ids=["fused", "unfused", "axis", "renorm"],
)
def test_signature_of_a_saved_model_with_training_as_an_argument(tmp_path, arguments):
    report = saved(Model(tfcompat.BatchNormalization(name="bn", **arguments)), tmp_path, "either")
    (site,) = report.sites
    wanted = dict(DEFAULTS, **{key: value for key, value in arguments.items() if key != "fused"})
    assert {key: value for key, value in site.arguments.items() if key != "fused"} == wanted
    assert (site.layer, site.form) == ("bn", "fused" if arguments == {"momentum": 0.9} else "unfused")
    assert (site.training.kind, site.training.tensor) == ("placeholder", "either_phase")
    assert codes_of(report) == {"bn": ["statistics-initial"]}


def test_signature_that_trains_alone_is_an_error_and_beside_one_that_infers_is_not(tmp_path):
    model = Model(tfcompat.BatchNormalization(name="bn"))
    model.train(np.random.RandomState(0).rand(2, 4, 4, 3).astype("float32"))
    alone = saved(model, tmp_path / "alone", "train")
    assert codes_of(alone) == {"bn": ["training-fixed"]}
    both = saved(model, tmp_path / "both", "train", "infer")
    assert codes_of(both) == {} and sorted(str(site.training) for site in both.sites) == ["False", "True"]


def test_saved_model_without_signatures_shows_the_calls_in_its_functions(tmp_path):
    model = Model(tfcompat.BatchNormalization(name="bn", momentum=0.9, epsilon=1e-4))
    model.either(np.random.RandomState(0).rand(2, 4, 4, 3).astype("float32"), True)
    model.train.get_concrete_function()
    tf.saved_model.save(model, str(tmp_path), signatures={})
    report = audit(str(tmp_path))
    assert codes_of(report) == {} and "beside the signatures" in report.notes[0]
    assert {site.layer for site in report.sites} == {"bn"}
    assert {str(site.training).split(" ")[0] for site in report.sites} == {"placeholder", "True", "False"}
    assert {(site.arguments["epsilon"], site.arguments["momentum"]) for site in report.sites} == {
        (1e-4, 0.9),
        (1e-4, "?"),
    }


def test_functions_that_share_variables_without_a_scope_are_calls_of_one_layer(tmp_path):
    module = tf.Module()
    module.parts = [tf.Variable(tf.ones(3), name=name) for name in ("beta", "gamma", "moving_mean", "moving_variance")]

    def normalize(inputs):
        beta, gamma, mean, variance = module.parts
        return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-3)

    module.one = tf.function(normalize, input_signature=[tf.TensorSpec((None, 3))])
    module.other = tf.function(lambda x: normalize(x + 1.0), input_signature=[tf.TensorSpec((None, 3))])
    tf.saved_model.save(module, str(tmp_path))
    report = audit(str(tmp_path))
    assert len(report.sites) == 2 and len({site.layer for site in report.sites}) == 1


def test_keras_model_that_was_exported(tmp_path):
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            *(layers.Input((4, 4, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(epsilon=1e-4)),
            *(layers.LayerNormalization(), layers.Flatten(), layers.BatchNormalization(scale=False)),
        ]
    )
    model.compile("sgd", "mse")
    data = np.random.RandomState(0).rand(8, 4, 4, 3), np.ones((8, 16))
    model.fit(*data, epochs=3, verbose=0)
    model.export(str(tmp_path))
    report = audit(str(tmp_path))
    first, second = report.sites
    assert (first.arguments["epsilon"], first.arguments["scale"], first.rank, str(first.training)) == (
        1e-4,
        True,
        4,
        "False",
    )
    assert (second.arguments["epsilon"], second.arguments["scale"], second.rank) == (1e-3, False, 2)
    assert set(first.variables) == {"gamma", "beta", "moving_mean", "moving_variance"}
    assert codes_of(report) == {}


@pytest.mark.parametrize("normalize", ["layer", "group", "instance"])
def test_other_normalizations_are_not_taken_for_batch_normalization(tmp_path, normalize):
    axes = {"layer": [1, 2, 3], "group": [1, 2, 4], "instance": [1, 2]}[normalize]
    with tf.Graph().as_default():
        inputs = tf1.placeholder(tf.float32, (None, 4, 4, 2, 3) if normalize == "group" else IMAGE)
        mean, variance = tf1.nn.moments(inputs, axes, keep_dims=True)
        gamma, beta = tf1.get_variable("gamma", [3]), tf1.get_variable("beta", [3])
        tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-5)
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    report = audit(str(tmp_path / "graph.meta"))
    assert report.sites == () and "nothing" in report.notes[0]


def train_graph(path, training, **options):
    with tf.Graph().as_default():
        inputs = tf1.placeholder(tf.float32, IMAGE)
        hidden = tfcompat.batch_normalization(inputs, training=training, name="bn", **options)
        tf1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(hidden))
        tf1.train.export_meta_graph(path)
    return audit(path)


def test_training_that_was_left_at_its_default_is_reported_beside_a_train_op(tmp_path):
    assert codes_of(train_graph(str(tmp_path / "graph.meta"), False)) == {"bn": ["training-off"]}


def test_updates_of_a_placeholder_that_no_train_op_depends_on_are_not_called_updates_in_control_flow(tmp_path):
    with tf.Graph().as_default():
        phase = tf1.placeholder(tf.bool, [], PHASE)
        hidden = tfcompat.batch_normalization(tf.zeros([2, 3]), training=phase, name="bn")
        tf1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(hidden))
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    assert codes_of(audit(str(tmp_path / "graph.meta"))) == {"bn": ["updates-not-run"]}


def test_updates_grouped_with_the_train_op_are_run(tmp_path):
    with tf.Graph().as_default():
        hidden = tfcompat.batch_normalization(tf1.placeholder(tf.float32, [None, 3]), training=True, name="bn")
        step = tf1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(hidden))
        tf.group(step, *tf1.get_collection(tf1.GraphKeys.UPDATE_OPS), name="train")
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    assert codes_of(audit(str(tmp_path / "graph.meta"))) == {}


def frozen(name):
    with open(os.path.join(MODELS, name, "frozen.pb"), "rb") as file:
        return tf1.GraphDef.FromString(file.read())


def by_optimize_for_inference(definition):
    return optimize_for_inference(definition, ["inputs"], ["logits"], tf.float32.as_datatype_enum)


def by_grappler(definition):
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(definition, name="")
        meta = tf1.train.export_meta_graph(graph=graph)
    meta.collection_def["train_op"].node_list.value.append("logits")  # what grappler has to keep
    return tf_optimizer.OptimizeGraph(tf1.ConfigProto(), meta)


@pytest.mark.parametrize("fold", [by_optimize_for_inference, by_grappler])
@pytest.mark.parametrize("name", ["resnet", "never-updated", "renorm", "slim", "tpu"])
def test_every_site_of_an_optimized_graph_is_listed_and_a_folded_one_without_arguments(tmp_path, name, fold):
    (tmp_path / "optimized.pb").write_bytes(fold(frozen(name)).SerializeToString())
    report = audit(str(tmp_path / "optimized.pb"))
    whole = {row[0]: row for row in EXPECTED[name + "/frozen.pb"][0]}
    assert {site.layer for site in report.sites} == set(whole)
    folded = [site for site in report.sites if site.form == "folded"]
    assert all(set(site.arguments.values()) == {"?"} for site in folded)
    assert [row for row in rows_of(report) if row[1] != "folded"] == [
        whole[site.layer] for site in report.sites if site.form != "folded"
    ]
    assert [note.split(" ")[0] for note in report.notes] == [str(len(folded))] * bool(folded)
    assert bool(folded) == (name != "tpu" and (name, fold) not in NEVER_FOLDED)


#: `optimize_for_inference` folds the fused kernel alone.
NEVER_FOLDED = [("renorm", by_optimize_for_inference)]


def test_rows_of_two_layers_without_scopes_are_told_apart(tmp_path):
    with tf.Graph().as_default():
        for size in (3, 5):
            with tf1.variable_scope("", use_resource=True), tf1.name_scope("call"):
                parts = [tf1.Variable(np.ones(size, "float32"), name=name) for name in ("gamma", "beta")]
                moving = [
                    tf1.Variable(np.ones(size, "float32"), name="moving_" + name) for name in ("mean", "variance")
                ]
                tf.nn.batch_normalization(tf.zeros([2, size]), *moving, parts[1], parts[0], 1e-3)
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    report = audit(str(tmp_path / "graph.meta"))
    assert [row[1:3] for row in rows_of(report)] == [("unfused", "False")] * 2
    assert [site.size for site in report.sites] == [3, 5]


@pytest.mark.parametrize("fused", [None, False])
def test_a_call_in_each_branch_of_a_conditional_is_one_site(tmp_path, fused):
    with tf.Graph().as_default():
        phase, inputs = tf1.placeholder(tf.bool, [], PHASE), tf1.placeholder(tf.float32, IMAGE)

        def branch(training):
            return tfcompat.batch_normalization(
                inputs, training=training, momentum=0.9, fused=fused, name="bn", reuse=tf1.AUTO_REUSE
            )

        tf1.cond(phase, lambda: branch(True), lambda: branch(False))
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    (site,) = audit(str(tmp_path / "graph.meta")).sites
    assert (site.layer, str(site.training), site.arguments["momentum"]) == ("bn", "placeholder phase", 0.9)
    assert {update.role for update in site.updates} == {"moving_mean", "moving_variance"}


def test_updates_belong_to_the_layer_that_they_average_and_not_to_the_one_before(tmp_path):
    with tf.Graph().as_default():
        phase = tf1.placeholder(tf.bool, [], PHASE)
        first = tfcompat.batch_normalization(
            tf1.placeholder(tf.float32, IMAGE), training=True, momentum=0.7, name="one"
        )
        tfcompat.batch_normalization(first, training=phase, momentum=0.8, fused=False, name="two")
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    one, two = audit(str(tmp_path / "graph.meta")).sites
    assert (one.arguments["momentum"], two.arguments["momentum"]) == (0.7, 0.8)
    assert {update.variable.split("/")[0] for update in two.updates} == {"two"}
