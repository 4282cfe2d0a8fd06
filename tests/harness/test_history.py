"""Eras of a case have letters, boundaries say what changed, and both commands tell them."""

import json

import pytest

from golden import __main__ as commands
from golden import history
from golden.files import DataError
from golden.store import DATA, Key, Recording, definition_digest
from samples import make_case, make_observation

EARLY, LATE = ("1.9.0", "1.10.1"), ("2.0.4", "2.1.4")
ROUNDED = (1.0, -0.0, 2.5000002)


@pytest.fixture
def recorded(store):
    """A function that records what releases did in mode eager: release -> case -> observation.

    `noisy` has, for a release, names that differ from run to run.
    """

    def write(done, noisy=None, definition=None):
        for release, observations in done.items():
            recording = Recording(store, Key(release, "onednn-off", "eager"), {"fingerprint": "f00d"})
            for case_id, observation in observations.items():
                digest = definition or definition_digest(make_case(case_id))
                recording.add(case_id, digest, observation, (noisy or {}).get(release, ()))
            recording.write()

    return write


@pytest.fixture
def eras(store, recorded):
    """A function that records one case of four releases and returns its `History`."""

    def of(*observations, noisy=None):
        recorded({release: {"first": seen} for release, seen in zip(EARLY + LATE, observations)}, noisy=noisy)
        (one,) = history.Archive(store, "onednn-off").histories("first", ["eager"])
        return one

    return of


@pytest.fixture
def golden(store, small_catalogue):
    """A function that runs `python -m golden` and returns its exit status."""
    return lambda *args: commands.main(list(args) + ["--data", store.root])


@pytest.fixture
def changed(recorded):
    """Two releases: `first` changes its meaning, `second` its rounding, `wide` is gone."""
    same = {"first": make_observation(), "second": make_observation(), "wide": make_observation()}
    recorded({"1.9.0": same})
    recorded({"2.0.4": {"first": make_observation(outputs=[2]), "second": make_observation(ROUNDED)}})


def letters(one):
    return "".join(one.eras.values())


def kinds(one):
    return [(boundary.before, boundary.after, boundary.change.kind) for boundary in one.boundaries]


class TestEras:
    def test_one_era_has_no_boundary(self, eras):
        one = eras(*[make_observation()] * 4)
        assert letters(one) == "AAAA" and one.boundaries == []

    def test_each_change_begins_an_era(self, eras):
        one = eras(make_observation(), make_observation(), make_observation(ROUNDED), make_observation(ROUNDED, n=1))
        assert letters(one) == "AABC"
        assert kinds(one) == [("1.10.1", "2.0.4", "rounding"), ("2.0.4", "2.1.4", "semantic")]

    def test_what_an_earlier_era_did_has_its_letter_again(self, eras):
        one = eras(make_observation(), make_observation(n=1), make_observation(), make_observation(n=2))
        assert letters(one) == "ABAC" and len(one.boundaries) == 3

    def test_another_message_is_no_change(self, eras):
        told = make_observation()
        told.notes["message"] = "said otherwise"
        assert letters(eras(make_observation(), told)) == "AA"

    def test_release_that_is_not_reproducible_hides_no_change_of_its_neighbours(self, eras):
        noise, moved = make_observation((3.0, 3.0, 3.0)), make_observation((7.0, 7.0, 7.0))
        one = eras(make_observation(), noise, make_observation(), moved, noisy={"1.10.1": ["s0/y0"]})
        assert letters(one) == "AAAB" and dict(one.nondeterministic) == {"1.10.1": ["s0/y0"]}
        assert kinds(one) == [("2.0.4", "2.1.4", "semantic")]

    def test_first_release_that_is_not_reproducible_does_not_speak_for_its_era(self, eras):
        seen = [make_observation((3.0, 3.0, 3.0)), make_observation(), make_observation((7.0, 7.0, 7.0))]
        assert letters(eras(*seen, noisy={"1.9.0": ["s0/y0"]})) == "AAB"

    def test_release_without_the_case_is_left_out(self, store, recorded):
        recorded({"1.9.0": {"first": make_observation()}, "2.0.4": {"second": make_observation()}})
        archive = history.Archive(store, "onednn-off")
        assert [list(one.eras) for one in archive.histories("first", ["eager"])] == [["1.9.0"]]
        assert archive.histories("third", ["eager"]) == []

    def test_other_case_under_the_same_name_is_not_compared(self, store, recorded):
        recorded({"1.9.0": {"first": make_observation()}})
        recorded({"2.0.4": {"first": make_observation()}}, definition="0123456789ab")
        with pytest.raises(DataError, match="first eager was not the same case when TensorFlow 1.9.0 and 2.0.4"):
            history.Archive(store, "onednn-off").histories("first", ["eager"])

    def test_same_observation_is_not_read(self, store, recorded):
        recorded({release: {"first": make_observation()} for release in EARLY})
        open(store.pack("first").path, "wb").close()
        assert history.Archive(store, "onednn-off").between("first", ["eager"], *EARLY) == {"eager": None}

    def test_letters_go_on_after_z(self):
        assert [history.letter(n) for n in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]


@pytest.mark.usefixtures("changed")
class TestDriftCommand:
    def test_table_and_semantic_changes_are_told(self, golden, capsys):
        assert golden("drift", "1.9", "2.0") == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "TensorFlow 1.9.0 -> 2.0.4, onednn-off"
        assert ["plain", "!1"] in [line.split() for line in lines] and ["other", "~1"] in [
            line.split() for line in lines
        ]
        assert "first (eager): facts" in lines and "    facts: outputs" in lines
        assert lines[-3:] == ["only in 1.9.0: eager wide", "", "0 same, 1 rounding, 1 semantic"]

    def test_json_tells_the_same_with_both_values(self, golden, capsys):
        assert golden("drift", "1.9.0", "2.0.4", "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert told["counts"] == {"eager": {"same": 0, "rounding": 1, "semantic": 1}}
        assert told["only_before"] == [["eager", "wide"]] and told["only_after"] == []
        second = told["changes"][1]
        assert (second["case"], second["mode"], second["kind"]) == ("second", "eager", "rounding")
        assert second["worst"]["element"]["values"] == ["2.5e+00", "2.5000002e+00"]

    def test_operation_names_are_summed_up(self, golden, recorded, capsys):
        for release, operation in (("2.3.0", "FusedBatchNormV2"), ("2.4.0", "FusedBatchNormV3")):
            recorded({release: {"first": make_observation(batch_norm_ops=[operation])}})
        assert golden("drift", "2.3", "2.4") == 0
        assert "what TensorFlow calls its own operations: first\n" in capsys.readouterr().out


@pytest.mark.usefixtures("changed")
class TestHistoryCommand:
    def test_table_has_a_letter_for_each_release(self, golden, capsys):
        assert golden("history") == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["eager"] in lines and ["case", "9", "0"] in lines
        assert ["first", "A", "!B"] in lines and ["second", "A", "~B"] in lines and ["wide", "A", "."] in lines
        assert ["2.0.4", "~1", "!1"] in lines

    def test_case_alone_is_told_with_its_boundaries(self, golden, capsys):
        assert golden("history", "second") == 0
        out = capsys.readouterr().out
        assert "eager, 1.9.0 -> 2.0.4, era A -> B: rounding" in out
        assert "    s0/y0[2]: before 2.5e+00, after 2.5000002e+00, 0.8 eps" in out

    def test_json_has_eras_and_boundaries(self, golden, capsys):
        assert golden("history", "f*", "--json") == 0
        (told,) = json.loads(capsys.readouterr().out)["histories"]
        assert told["eras"] == {"1.9.0": "A", "2.0.4": "B"} and told["boundaries"][0]["reasons"] == ["facts"]


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("form", [[], ["--json"], ["--html", "page.html"]])
def test_case_that_no_release_was_recorded_with_is_status_2(golden, small_catalogue, capsys, form):
    small_catalogue["fourth"] = make_case("fourth")
    assert golden("history", "fourth", *form) == 2
    assert "no release was recorded with fourth in mode eager" in capsys.readouterr().err


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    "args, told",
    [
        (["drift", "1.9", "9.9"], "no recording of TensorFlow 9.9 with onednn-off; recorded are: 1.9.0, 2.0.4"),
        (["drift", "new", "1.9"], "new is not a release; recorded are: 1.9.0, 2.0.4"),
        (["drift", "1.9", "2.0", "--mode", "function"], "not recorded in mode function; recorded are: eager"),
        (["drift", "1.9", "2.0", "--case", "nope"], "no case is called nope"),
        (["history", "nope"], "no case is called nope"),
        (["history", "--mode", "graph-v2"], "not recorded in mode graph-v2; recorded are: eager"),
        (["history", "--configuration", "none"], "nothing is recorded of configuration none; recorded are: onednn-off"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(golden, capsys, args, told):
    assert golden(*args) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


class TestRealRecordings:
    def drift(self, capsys, *args):
        assert commands.main(["drift", *args, "--json", "--data", DATA]) == 0
        return json.loads(capsys.readouterr().out)

    def test_renormalization_changed_its_meaning_in_1_15(self, capsys):
        told = self.drift(capsys, "1.14", "1.15", "--case", "renorm-rank?")
        changes = {(change["case"], change["mode"]): change for change in told["changes"]}
        assert len(changes) == 16 and {change["kind"] for change in changes.values()} == {"semantic"}
        assert "s0/v:batch_normalization/renorm_mean_weight" in changes["renorm-rank4", "graph-v1"]["lost"]
        assert changes["renorm-rank4", "eager"]["worst"]["eps"] > 1e6

    def test_graphs_of_2_15_mean_the_same_in_2_21(self, capsys):
        told = self.drift(capsys, "2.15", "2.21", "--mode", "graph-v1")
        assert told["counts"]["graph-v1"]["semantic"] == 0 and told["counts"]["graph-v1"]["same"] > 500

    def test_order_of_sums_is_rounding_and_another_variance_is_not(self, capsys):
        told = self.drift(capsys, "1.3", "1.4", "--case", "momentum-0-999-rank4")
        assert "values" in told["changes"][0]["reasons"]
        told = self.drift(capsys, "1.2", "1.3", "--case", "values-huge-mean-rank4")
        assert told["changes"][0]["kind"] == "rounding"
