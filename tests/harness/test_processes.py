"""Cases run in workers; a case that kills its worker is observed, and the others are not lost."""

import subprocess
import sys

import pytest

from golden import pins, processes


def observe(case_ids, **kwargs):
    return processes.observe("module", "eager", case_ids, worker="fake_worker", **kwargs)


def raised(run, case_id):
    return run.observations[case_id][-1].facts["raised"]


def test_every_case_is_observed_as_often_as_asked(fake_worker):
    done = []
    run = observe(["a", "bb"], repeats=2, progress=done.append)
    assert run.provenance["fingerprint"] == "f00d"
    assert {case_id: len(seen) for case_id, seen in run.observations.items()} == {"a": 2, "bb": 2}
    assert run.observations["bb"][1].facts["length"] == 2
    assert done == ["a", "bb"]


def test_no_case_gives_the_provenance(fake_worker):
    assert observe([]).provenance["tensorflow"] == "2.21.0"


def test_worker_that_dies_in_a_case_is_restarted_with_the_rest(fake_worker):
    done = []
    run = observe(["a", "segfault-1", "b", "exit-2", "c"], progress=done.append)
    assert list(run.observations) == done == ["a", "segfault-1", "b", "exit-2", "c"]
    assert raised(run, "segfault-1") == raised(run, "exit-2") == {"type": "Crash", "phase": "process"}
    assert run.observations["segfault-1"][0].notes["signal"] == "SIGSEGV"
    assert run.observations["exit-2"][0].notes["exit"] == 1
    assert "gave up on exit-2" in run.observations["exit-2"][0].notes["stderr"]
    assert run.observations["c"][0].facts["length"] == 1


def test_first_and_last_case_may_kill_the_worker(fake_worker):
    run = observe(["segfault-1", "segfault-2"])
    assert [raised(run, case_id)["type"] for case_id in run.observations] == ["Crash", "Crash"]


def test_case_that_takes_too_long_is_a_timeout(fake_worker):
    run = observe(["a", "hang", "b"], case_timeout=1.0)
    assert raised(run, "hang") == {"type": "Timeout", "phase": "process"}
    assert list(run.observations) == ["a", "hang", "b"]


def test_worker_that_never_starts_a_case_is_an_error_with_its_last_words(fake_worker):
    fake_worker(startup="dies")
    with pytest.raises(processes.WorkerFailed, match="there is no such thing as TensorFlow"):
        observe(["a"])


def test_what_a_worker_gives_as_the_reason_is_told(fake_worker):
    fake_worker(startup="error")
    with pytest.raises(processes.WorkerFailed, match="TensorFlow sees no GPU here"):
        observe(["a"])


def test_worker_that_leaves_a_case_out_is_an_error(fake_worker):
    with pytest.raises(processes.WorkerFailed):
        observe(["a", "mute"])


class TestEnvironment:
    def test_pins_replace_what_the_user_has_set(self):
        inherited = {"TF_ENABLE_ONEDNN_OPTS": "1", "XLA_FLAGS": "--x", "OMP_NUM_THREADS": "8", "HOME": "/home/me"}
        variables = pins.environment("module", inherited=inherited)
        assert variables["TF_ENABLE_ONEDNN_OPTS"] == "0" and variables["OMP_NUM_THREADS"] == "1"
        assert variables["CUDA_VISIBLE_DEVICES"] == "-1" and variables["HOME"] == "/home/me"
        assert "XLA_FLAGS" not in variables

    def test_onednn_on_keeps_one_thread(self):
        variables = pins.environment("module", configuration="onednn-on", inherited={})
        assert variables["TF_ENABLE_ONEDNN_OPTS"] == "1" and variables["TF_NUM_INTRAOP_THREADS"] == "1"

    def test_gpu_is_seen_only_where_it_is_asked_for(self):
        assert "CUDA_VISIBLE_DEVICES" not in pins.environment("module", device="GPU:0", inherited={})

    @pytest.mark.parametrize("installed, expected", [(True, "1"), (False, None)])
    def test_keras2_is_asked_for_where_tf_keras_has_it(self, monkeypatch, installed, expected):
        monkeypatch.setattr(pins.importlib.util, "find_spec", lambda name: "spec" if installed else None)
        for subject, keras in (("module", "keras2"), (pins.REAL, None)):
            assert pins.environment(subject, keras, inherited={}).get("TF_USE_LEGACY_KERAS") == expected

    @pytest.mark.parametrize(
        "kwargs", [{"configuration": "fast"}, {"keras": "keras4"}, {"subject": pins.REAL, "keras": "keras3"}]
    )
    def test_what_cannot_be_is_refused(self, kwargs):
        with pytest.raises(ValueError, match=list(kwargs.values())[-1][:5]):
            pins.environment(**dict({"subject": "module", "inherited": {}}, **kwargs))

    def test_gpu_recordings_have_a_key_made_from_the_device(self):
        gpu = {"name": "NVIDIA H100 80GB HBM3", "compute_capability": "9.0", "cuda": "12.5.1", "cudnn": "9"}
        gpu["driver"] = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19"
        key = pins.configuration_key("onednn-off", {"gpu": gpu}, "GPU:0")
        assert key == "gpu-nvidia-h100-80gb-hbm3-sm90-cuda12.5.1-cudnn9-driver535.104.05"
        assert pins.configuration_key("onednn-on", {"gpu": None}) == "onednn-on"


def test_parent_never_imports_tensorflow():
    code = "import sys, golden.__main__, golden.record; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", code], cwd=pins.ROOT) == 0
