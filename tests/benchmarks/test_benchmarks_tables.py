"""The tables of workloads and of implementations."""

import importlib.util
import os

import numpy as np
import pytest

from benchmarks import peers, report, workloads
from benchmarks.errors import UsageError
from benchmarks.peers import PEERS
from benchmarks.processes import ROOT
from benchmarks.workloads import WORKLOADS, Workload
from tfcompat.config import Config

EACH = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


def test_names_are_names_and_occur_once():
    names = [workload.name for workload in WORKLOADS]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)
    assert all(peer.name == name for name, peer in PEERS.items())


@EACH
def test_workload_can_be_measured_by_someone(workload):
    assert workload.step in workloads.PASSES and workload.mode in (None, *peers.MODES)
    assert workload.axis in (-1, 1) and len(workload.shape) in (2, 3, 4, 5)
    assert np.dtype(workload.dtype).kind == "f"
    assert set(workload.peers or ()) <= set(PEERS)
    assert set(workload.arguments) <= set(PEERS["exact"].arguments)
    assert peers.why_not(PEERS["exact"], workload, "function") is None
    assert workload.shape[0] % workload.arguments.get("virtual_batch_size", 1) == 0


@EACH
def test_arguments_are_those_of_the_layer(workload):
    config = Config(axis=workload.axis, **workload.arguments)
    assert {name: getattr(config, name) for name in workload.arguments} == dict(workload.arguments)


def test_all_kinds_of_rows_are_there():
    assert {workload.step for workload in WORKLOADS} == set(workloads.PASSES)
    assert any(workload.mode == "eager" for workload in WORKLOADS)
    compiled = [workload for workload in WORKLOADS if workload.xla]
    assert {tuple(workload.arguments) for workload in compiled} == {
        (),
        ("fused",),
        ("renorm",),
        ("virtual_batch_size",),
    }
    assert any(workload.axis == 1 for workload in WORKLOADS)
    assert any(workload.dtype == "float16" for workload in WORKLOADS)


def test_bytes_of_a_step_are_eight_passes_or_two():
    assert Workload("w", (2, 3)).moved_bytes == 8 * 24
    assert Workload("w", (2, 3), step="inference", dtype="float16").moved_bytes == 2 * 12


def test_inputs_are_the_same_each_time_and_of_the_size_that_is_asked_for():
    workload = Workload("w", (4, 3), dtype="float16")
    first, second = workloads.inputs(workload), workloads.inputs(workload)
    assert all(np.array_equal(*pair) for pair in zip(first, second))
    assert [(array.shape, array.dtype) for array in workloads.inputs(workload, batch=7)] == [((7, 3), "float16")] * 2


@pytest.mark.parametrize("peer", PEERS.values(), ids=lambda peer: peer.name)
def test_home_of_a_peer_is_there_and_its_modes_are_modes(peer):
    assert importlib.util.find_spec(peer.home) and set(peer.modes) <= set(peers.MODES) and peer.about


def test_ratios_are_taken_to_others_that_run_on_tensorflow():
    assert {name for name, peer in PEERS.items() if peer.reference} == {"tf.layers", "tf_keras", "keras3"}


@pytest.mark.parametrize(
    "peer, workload, mode, reason",
    [
        ("keras3", Workload("w", (2, 3), arguments={"renorm": True}), "function", "no renorm"),
        ("pytorch", Workload("w", (2, 3)), "v1", "no mode v1"),
        ("keras3", Workload("w", (2, 3), mode="eager"), "v1", "no mode v1"),
        ("exact", Workload("w", (2, 3), xla=True), "eager", "XLA compiles a tf.function"),
        ("tf.layers", Workload("w", (2, 3), peers=("exact",)), "function", peers.NOT_HERE),
        ("tf.layers", Workload("w", (2, 3), arguments={"renorm": True}), "v1", None),
    ],
)
def test_who_has_no_part_in_a_workload_says_why(peer, workload, mode, reason):
    assert peers.why_not(PEERS[peer], workload, mode) == reason


def test_patterns_choose_workloads_in_the_order_of_the_table():
    assert [workload.name for workload in workloads.choose(["tiny*", "image"], quick=False)] == [
        *("image", "tiny-train", "tiny-inference")
    ]
    assert workloads.choose(None, quick=False) == WORKLOADS
    assert 5 < len(workloads.choose(None, quick=True)) < len(WORKLOADS) / 2


def test_pattern_that_nothing_fits_is_refused_with_all_names():
    with pytest.raises(UsageError, match=r"--only images: .*image-small"):
        workloads.choose(["images"], quick=False)


def test_pytorch_takes_part_where_there_is_an_interpreter_for_it():
    usual = ["exact", "fast", "tf.layers", "tf_keras", "keras3"]
    assert [peer.name for peer in peers.choose(None, None)] == usual
    assert [peer.name for peer in peers.choose(None, "python")] == usual + ["pytorch"]
    assert [peer.name for peer in peers.choose(["keras3", "exact"], "python")] == ["exact", "keras3"]


def test_control_takes_part_only_where_it_is_asked_for():
    assert [peer.name for peer in peers.choose(["control", "tf.layers"], None)] == ["tf.layers", "control"]


def test_modules_of_the_package_are_short():
    folder = os.path.dirname(workloads.__file__)
    for name in os.listdir(folder):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8") as source:
                assert len(source.readlines()) <= 250, name


def test_page_has_every_implementation_and_a_place_for_what_is_measured():
    with open(os.path.join(ROOT, "docs", "speed.md"), encoding="utf-8") as source:
        page = source.read()
    rows = [
        line.split("|")[1].strip(" `") for line in page.split("{ #peers }")[1].splitlines() if line.startswith("| `")
    ]
    assert rows == list(PEERS)
    assert report.in_place(os.path.join(ROOT, "docs", "speed.md"), "text")
