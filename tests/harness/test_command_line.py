"""Recording, verifying and showing, from the command line to the exit status, with a worker that has no TensorFlow."""

import json

import pytest

import fake_worker as fake_worker_module
from golden import __main__ as commands
from golden import bounds, catalogue, files, installed, integrity, notes, record
from golden.store import Key, Recording, Store, definition_digest
from samples import RELEASE


@pytest.fixture
def data(tmp_path):
    return str(tmp_path / "data")


@pytest.fixture
def recorder(data, small_catalogue, fake_worker):
    """A function that runs scripts/record.py and returns its exit status."""
    return lambda *args: record.main(list(args) + ["--data", data, "--worker", "fake_worker"])


@pytest.fixture
def golden(data, small_catalogue, fake_worker):
    """A function that runs `python -m golden` and returns its exit status."""

    def run(command, *args):
        return commands.main([command] + list(args) + ["--data", data, "--worker", "fake_worker"])

    return run


@pytest.fixture
def recorded(data, small_catalogue):
    """Everything is recorded, as the fake worker would have it."""
    provenance = {"tensorflow": RELEASE, "fingerprint": "f00d", "gpu": None}
    for mode in catalogue.MODES:
        recording = Recording(Store(data), Key(RELEASE, "onednn-off", mode), provenance)
        for case_id, case in small_catalogue.items():
            recording.add(case_id, definition_digest(case), fake_worker_module.observe(case_id, "real", 0))
        recording.write()


class TestRecord:
    def test_records_all_modes_once(self, recorder, data, capsys):
        assert recorder() == 0
        assert "2.21.0/onednn-off/graph-v1: recorded 3 cases" in capsys.readouterr().out
        assert [len(Store(data).index(key).cases) for key in Store(data).keys()] == [3, 3, 3, 3]
        assert recorder() == 0
        assert "all 3 cases are recorded" in capsys.readouterr().out

    def test_cases_and_modes_can_be_chosen(self, recorder, data):
        assert recorder("--mode", "eager", "--case", "fir*", "--configuration", "onednn-on") == 0
        (key,) = Store(data).keys()
        assert key == ("2.21.0", "onednn-on", "eager") and list(Store(data).index(key).cases) == ["first"]

    def test_what_differs_between_runs_is_marked(self, recorder, data, fake_worker, capsys):
        fake_worker(drift="yes")
        assert recorder("--mode", "eager") == 0
        assert "not deterministic: first: s0/drift" in capsys.readouterr().out
        assert Store(data).index(Key("2.21.0", "onednn-off", "eager")).nondeterministic["first"] == ["s0/drift"]
        assert recorder("--mode", "eager", "--verify") == 0

    def test_verify_passes_on_the_same_and_fails_on_another_function(self, recorder, recorded, small_catalogue, capsys):
        assert recorder("--verify") == 0
        small_catalogue["firstly"] = dict(small_catalogue["first"], id="firstly")
        assert recorder("--verify") == 1
        assert "firstly\n    not recorded for 2.21.0/onednn-off/eager" in capsys.readouterr().out

    def test_changed_case_needs_a_reason(self, recorder, recorded, small_catalogue, data, capsys):
        small_catalogue["first"]["args"] = {"axis": 1}
        assert recorder() == 2
        assert "changed since recorded: first" in capsys.readouterr().err
        assert recorder("--replace") == 2
        assert recorder("--replace", "--reason", "axis was forgotten", "--case", "first") == 0
        for key in Store(data).keys():
            assert Store(data).index(key).replaced == [{"cases": ["first"], "reason": "axis was forgotten"}]

    def test_replacing_everything_drops_cases_that_are_no_more(self, recorder, recorded, small_catalogue, data):
        del small_catalogue["second"]
        assert recorder("--replace", "--reason", "second said nothing") == 0
        assert [sorted(Store(data).index(key).cases) for key in Store(data).keys()] == [["first", "wide"]] * 4

    def test_pruning_drops_what_no_index_names_and_nothing_else(self, recorder, recorded, data, capsys):
        before = [Store(data).index(key).cases["first"] for key in Store(data).keys()]
        with_stray = Store(data).pack("first")
        with_stray.add(fake_worker_module.observe("second", "real", 0))
        files.write_atomically(with_stray.path, with_stray.content)
        assert recorder("--prune") == 0
        assert "dropped 1 observations" in capsys.readouterr().out
        assert list(Store(data).pack("first").observations) == [before[0].sha]
        assert not any(integrity.problems(Store(data), key, catalogue.load()) for key in Store(data).keys())

    @pytest.mark.parametrize(
        "args, told",
        [
            (["--subject", "tfcompat.layers"], "only the real function is recorded, not tfcompat.layers"),
            (["--reason", "because"], "--replace needs --reason TEXT"),
            (["--replace", "--reason", "x", "--verify"], "--verify writes nothing"),
            (["--case", "nope"], "no case is called nope"),
            (["--device", "GPU:0"], "TensorFlow 2.21.0 sees no GPU here"),
        ],
    )
    def test_what_cannot_be_is_one_line_and_status_2(self, recorder, capsys, args, told):
        assert recorder(*args) == 2
        assert told in capsys.readouterr().err

    def test_timeouts_are_not_recorded(self, recorder, small_catalogue, data, capsys):
        small_catalogue["exit"] = dict(small_catalogue["first"], id="exit")
        assert recorder("--mode", "eager") == 2
        assert "a worker did not survive" in capsys.readouterr().err
        assert Store(data).keys() == []

    def test_crash_of_the_real_function_is_an_observation(self, recorder, small_catalogue, data, capsys):
        small_catalogue["segfault"] = dict(small_catalogue["first"], id="segfault")
        assert recorder("--mode", "eager") == 0
        assert "raised: 1 Crash" in capsys.readouterr().out
        assert recorder("--mode", "eager", "--verify") == 0

    def test_another_release_than_the_package_says_is_refused(self, recorder, fake_worker, capsys):
        fake_worker(tensorflow="2.20.0")
        assert recorder() == 2
        assert "TensorFlow calls itself 2.20.0, its package 2.21.0" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "message, kept",
        [
            ("at /home/me/x/y.py:3 [bn/cond/Switch]", "at <path>:3 [bn/cond/Switch]"),
            ("(defined at home/me/site-packages/tf/ops.py:1748) ]]", "(defined at <path>:1748) ]]"),
            ("relative to /srv/golden/runner: eager.py:1", "relative to <path>: eager.py:1"),
            ('File "root/.pyenv/versions/3.7.16/lib/python3.7/runp', 'File "<path>'),
            ('File "<path>", line 193', 'File "<path>", line 193'),
            ("and/or bn_1/beta:0 a / b", "and/or bn_1/beta:0 a / b"),
        ],
    )
    def test_notes_lose_the_paths_of_the_machine(self, message, kept):
        assert notes.portable({"message": message, "stderr": "gone", "exit": 1}) == {"message": kept, "exit": 1}


@pytest.mark.usefixtures("recorded")
class TestVerify:
    def test_same_behaviour_is_identical_everywhere(self, golden, capsys):
        assert golden("verify", "--strict") == 0
        out, err = capsys.readouterr()
        assert "24 identical, 0 within bound, 0 skipped, 0 wrong" in out
        assert "24/24" in err
        assert [line.split() for line in out.splitlines() if line.startswith(("total", "vector"))] == [
            ["vector"] + ["1"] * 8,
            ["total"] + ["3"] * 8,
        ]

    def test_real_function_runs_on_keras_2_alone(self, golden, capsys):
        assert golden("verify", "--subject", "real") == 0
        assert "12 identical" in capsys.readouterr().out
        assert golden("verify", "--subject", "real", "--keras", "keras3") == 2

    def test_other_values_are_wrong_with_a_report(self, golden, fake_worker, capsys):
        fake_worker(shift="0.5")
        assert golden("verify", "--mode", "eager", "--keras", "keras3", "--case", "first") == 1
        out = capsys.readouterr().out
        assert "WRONG keras3 eager first" in out and "s0/y0: 3 of 3 elements differ" in out
        assert "0 identical, 0 within bound, 0 skipped, 1 wrong" in out

    def test_json_tells_the_same(self, golden, fake_worker, capsys):
        fake_worker(shift="0.5")
        assert golden("verify", "--json", "--mode", "eager") == 1
        told = json.loads(capsys.readouterr().out)
        assert told["failed"] and told["counts"] == {"identical": 0, "within bound": 0, "skipped": 0, "wrong": 6}
        assert "s0/y0" in told["outcomes"][0]["detail"]

    def test_case_without_a_recording_is_skipped_and_strict_fails(self, golden, small_catalogue, capsys):
        small_catalogue["fourth"] = dict(small_catalogue["first"], id="fourth")
        assert golden("verify", "--mode", "eager") == 0
        out = capsys.readouterr().out
        assert "skipped (2): not recorded for 2.21.0/onednn-off/eager: keras3 eager fourth, keras2 eager fourth" in out
        assert golden("verify", "--mode", "eager", "--strict") == 1

    def test_case_that_was_changed_is_wrong(self, golden, small_catalogue, capsys):
        small_catalogue["first"]["args"] = {"axis": 1}
        assert golden("verify", "--mode", "eager") == 1
        assert "the case was changed since it was recorded" in capsys.readouterr().out

    def test_on_another_cpu_wide_cases_may_differ_by_8_eps_and_strict_fails(self, golden, fake_worker, capsys):
        fake_worker(fingerprint="beef", shift="0.000001")
        assert golden("verify", "--mode", "eager", "--case", "wide") == 0
        assert "within bound (2): fingerprint other within 8 eps (recorded on a CPU" in capsys.readouterr().out
        assert golden("verify", "--mode", "eager", "--case", "wide", "--strict") == 1
        assert golden("verify", "--mode", "eager", "--case", "first") == 1

    def test_bounds_that_nothing_needs_fail_a_full_run(self, golden, fake_worker, monkeypatch, capsys):
        row = bounds.Bound(**dict.fromkeys(bounds.PATTERNS, "*"), eps=4.0, reason="measured", skips=False)
        monkeypatch.setattr(bounds, "load", lambda: [row])
        assert golden("verify") == 1
        assert "no longer needed: everything within 4 eps (measured)" in capsys.readouterr().out
        assert golden("verify", "--mode", "eager") == 0
        fake_worker(shift="0.000001")
        assert golden("verify", "--strict") == 0
        assert "0 identical, 24 within bound" in capsys.readouterr().out

    def test_patch_release_falls_back_to_its_minor_and_says_so(self, golden, monkeypatch, capsys):
        monkeypatch.setattr(installed, "release", lambda: "2.21.3")
        assert golden("verify", "--mode", "eager") == 0
        assert "expected as recorded on 2.21.0, onednn-off (2.21.3 itself is not recorded)" in capsys.readouterr().out

    def test_live_compares_with_the_real_function_in_the_same_process(self, golden, fake_worker, capsys):
        assert golden("verify", "--live", "--mode", "eager") == 0
        fake_worker(shift="0.5")
        assert golden("verify", "--live", "--mode", "eager") == 1
        assert "tfcompat.layers beside the real function" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "args, told",
        [
            (["--case", "nope*"], "no case is called nope*"),
            (["--release", "2.9.0"], "no recording of TensorFlow 2.9.0 with onednn-off; recorded are: 2.21.0"),
            (["--configuration", "onednn-on"], "no recording of TensorFlow 2.21.0 with onednn-on; recorded are: none"),
            (["--live", "--release", "2.21.0"], "--live compares a module with the real function"),
        ],
    )
    def test_what_cannot_be_is_one_line_and_status_2(self, golden, capsys, args, told):
        assert golden("verify", *args) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line

    def test_worker_that_cannot_start_is_status_2(self, golden, fake_worker, capsys):
        fake_worker(startup="dies")
        assert golden("verify", "--mode", "eager") == 2
        assert "no such thing as TensorFlow" in capsys.readouterr().err


@pytest.mark.usefixtures("recorded")
class TestIntegrity:
    def test_whole_recordings_are_told_release_by_release_without_running_anything(self, golden, fake_worker, capsys):
        fake_worker(startup="dies")
        assert golden("verify", "--integrity") == 0
        out = capsys.readouterr().out
        assert "2.21.0/onednn-off/graph-v1      3         0" in out and "4 recordings, 0 problems" in out

    def test_release_is_checked_where_no_tensorflow_is_installed(self, golden, monkeypatch, capsys):
        monkeypatch.setattr(installed, "version", lambda distribution: None)
        assert golden("verify", "--release", "2.21") == 0
        assert "no case was run" in capsys.readouterr().out
        assert golden("verify", "--release", "1.4") == 2
        assert "no recording of TensorFlow 1.4" in capsys.readouterr().err

    def test_damage_is_told_with_its_place(self, golden, data, small_catalogue, capsys):
        pack = Store(data).pack("first")
        files.write_atomically(pack.path, pack.content[:-1])
        small_catalogue["second"]["args"] = {"axis": 1}
        del small_catalogue["wide"]
        small_catalogue["fourth"] = dict(small_catalogue["first"], id="fourth")
        assert golden("verify", "--integrity", "--release", "2.21.0") == 1
        out = capsys.readouterr().out
        assert "first.bin, entry 0 at byte 14: the file ends inside the entry" in out
        assert "second was changed since it was recorded" in out and "fourth is not recorded" in out
        assert "wide is not in the catalogue for this mode" in out and "16 problems" in out

    def test_json_tells_the_same(self, golden, capsys):
        assert golden("verify", "--integrity", "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert not told["failed"] and told["integrity"][0] == {
            "recordings": "2.21.0/onednn-off/eager",
            "cases": 3,
            "problems": [],
        }


@pytest.mark.usefixtures("recorded")
class TestShow:
    def test_shows_facts_and_arrays_once_for_all_modes(self, golden, capsys):
        assert golden("show", "first") == 0
        out = capsys.readouterr().out
        assert "2.21.0 eager, 2.21.0 function, 2.21.0 graph-v1, 2.21.0 graph-v2" in out
        assert "length: 5" in out and "s0/y0: float32 (3,)\n      [1. 2. 5.]" in out

    def test_release_may_be_written_without_its_patch_number(self, golden, capsys):
        assert golden("show", "first", "--release", "2.21") == 0
        assert golden("show", "first", "--release", "2.2") == 2

    def test_unknown_case_is_status_2(self, golden, capsys):
        assert golden("show", "nope") == 2
        assert "no such recording of nope" in capsys.readouterr().err

    def test_list_has_cases_and_recordings(self, golden, capsys):
        assert golden("list") == 0
        out = capsys.readouterr().out
        assert "wide" in out and "[not portable]" in out and "2.21.0/onednn-off/eager" in out
