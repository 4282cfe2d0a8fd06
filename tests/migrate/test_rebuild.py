"""Layers that are rebuilt from legacy models: the printed calls are evaluated, built, and compute what TF1 computed."""

import ast
import os

import numpy as np
import pytest
from expected_audits import EXPECTED

import tfcompat
from tfcompat.migrate.auditing.artifact import open_artifact
from tfcompat.migrate.auditing.audit import audit
from tfcompat.migrate.auditing.calls import Training
from tfcompat.migrate.auditing.rebuilding import rebuild
from tfcompat.migrate.auditing.site import ARGUMENTS, UNKNOWN, Site
from tfcompat.migrate.names import ROLES

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")
CHECKPOINTS = sorted(name for name in EXPECTED if name.endswith("model.ckpt"))


def input_shape(site):
    """Of an input that the site could have: channels at its axis, 4 elsewhere."""
    shape = [4] * (site.rank or 2)
    shape[site.arguments["axis"]] = site.size
    return shape


def built(call, shape):
    layer = eval(call, {"tfcompat": tfcompat})  # what a user does with it
    layer.build(tuple(shape))
    return layer


def variables_of(layer):
    return {role: getattr(layer, role) for role in ROLES if getattr(layer, role, None) is not None}


def layers_of(name):
    """Each site of a checkpoint, its printed call, and the arrays of its variables there."""
    path = os.path.join(MODELS, *name.split("/"))
    sites = {site.layer: site for site in audit(path).sites}
    checkpoint = open_artifact(path).checkpoint
    for rebuilt in rebuild(list(sites.values())):
        names = {role: "{}/{}".format(rebuilt.layer, role) for role in sites[rebuilt.layer].variables}
        known = {role: checkpoint.value(key) for role, key in names.items() if checkpoint.key(key)}
        yield sites[rebuilt.layer], rebuilt, known


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_printed_call_builds_a_layer_with_the_variables_of_the_checkpoint(name):
    with tfcompat.release("1.4" if name.startswith("renorm-1-4") else "1.15"):
        for site, rebuilt, known in layers_of(name):
            variables = variables_of(built(rebuilt.call, input_shape(site)))
            assert set(variables) == set(site.variables)
            shapes = {role: tuple(variables[role].shape) for role in known}
            assert shapes == {role: value.shape for role, value in known.items()}


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in CHECKPOINTS])
def test_printed_call_of_a_graph_of_inference_builds_a_layer(name):
    sites = audit(os.path.join(MODELS, *name.split("/"))).sites
    for site, rebuilt in zip(sites, rebuild(sites)):
        layer = built(rebuilt.call, input_shape(site))
        assert layer.name == site.layer.replace("/", "_")
        assert (layer.gamma is not None) == site.arguments["scale"]


@pytest.mark.parametrize("name", ["resnet", "renorm", "slim", "tpu", "partitioned", "tabnet", "never-updated"])
def test_rebuilt_layer_with_the_values_of_the_checkpoint_gives_what_tensorflow_1_gave(name):
    arrays = np.load(os.path.join(MODELS, name, "expected.npz"))
    compared = 0
    for site, rebuilt, known in layers_of(name + "/model.ckpt"):
        # The script that made the models names a call by the folder of its first variable, which is in parts here.
        key = site.layer + "/gamma" * (name == "partitioned")
        if key + "/input" in arrays.files:
            inputs = arrays[key + "/input"]
            layer = built(rebuilt.call, inputs.shape)
            for role, variable in variables_of(layer).items():
                variable.assign(known[role])
            outputs = np.array(layer(inputs, training=False))
            np.testing.assert_allclose(outputs, arrays[key + "/output"], rtol=1e-5, atol=1e-5)
            compared += 1
    assert compared == len({row[0] for row in EXPECTED[name + "/model.ckpt"][0]})


def test_config_builds_the_same_layer_as_the_call():
    for _, rebuilt, _ in layers_of("renorm/model.ckpt"):
        layer = tfcompat.BatchNormalization.from_config(rebuilt.config)
        assert layer.get_config() == eval(rebuilt.call, {"tfcompat": tfcompat}).get_config()


def site_of(form="unfused", rank=4, layer="bn", **arguments):
    read = dict(dict.fromkeys(ARGUMENTS), axis=-1, momentum=0.99, epsilon=1e-3, renorm=False)
    read.update(center=True, scale=True, fused=form == "fused")
    read.update(arguments)
    return Site(layer, layer, form, read, Training("constant", True, None), {}, 3, rank, (), "node")


@pytest.mark.parametrize(
    "site, config",
    [
        (site_of("fused"), {}),
        (site_of(rank=2), {}),
        (site_of(), {"fused": False}),
        (site_of(rank=None), {"fused": False}),
        (site_of(renorm=True, renorm_momentum=0.99), {"renorm": True}),
        (site_of(virtual_batch_size=4), {"virtual_batch_size": 4}),
        (site_of(axis=[1, 3], rank=5), {"axis": [1, 3], "fused": False}),
        (site_of("fused", center=False, momentum=0.0), {"momentum": 0.0, "center": False}),
    ],
)
def test_only_what_differs_from_the_defaults_is_written(site, config):
    (rebuilt,) = rebuild([site])
    assert rebuilt.config == dict(config, name="bn") and rebuilt.unknown == []
    ast.parse(rebuilt.call, mode="eval")


def test_what_the_graph_does_not_show_is_left_out_and_named():
    (rebuilt,) = rebuild([site_of("fused", momentum=UNKNOWN, renorm=UNKNOWN, renorm_momentum=UNKNOWN)])
    assert rebuilt.config == {"name": "bn"} and rebuilt.unknown == ["momentum", "renorm"]
    assert rebuilt.call.endswith("# bn; not in the graph: momentum, renorm")


def test_calls_of_one_layer_are_written_once_unless_their_arguments_differ():
    assert len(rebuild([site_of("fused"), site_of("fused")])) == 1
    assert len(rebuild([site_of("fused"), site_of(virtual_batch_size=2)])) == 2


def test_folded_site_is_not_written():
    assert rebuild([site_of("folded", **dict.fromkeys(ARGUMENTS, UNKNOWN))]) == []
