"""Verifying on every release: one row for each Keras, and what is wrong does not stop the rest."""

import json
import sys

import pytest

from golden import every, verify_all

OUTCOMES = {
    "1.4.0": [("keras2", "identical", ""), ("keras2", "within bound", "1 eps")],
    "2.3.4": [("keras3", "identical", ""), ("keras2", "wrong", "facts.n: expected 1, obtained 2")],
}


def printed(release):
    """What `golden verify --json` prints on a release."""
    names = ("keras", "status", "detail")
    outcomes = [dict(zip(names, told), mode="eager", case="first") for told in OUTCOMES[release]]
    provenance = [{"keras_choice": keras, "keras": "keras " + keras[-1] + ".1"} for keras, _, _ in OUTCOMES[release]]
    return json.dumps({"outcomes": outcomes, "provenance": provenance, "unneeded_bounds": []}, indent=1)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs `scripts/verify_all.py` with environments whose interpreter prints what it should."""

    def install(interpreter, folder, installs):
        release = installs[0][0].split("==")[1]
        failed = any(status == "wrong" for _, status, _ in OUTCOMES.get(release, ()))
        told = "headline\n%s\nlast words" % (printed(release) if release in OUTCOMES else "golden: no recording")
        script = "#!/bin/sh\ncat <<'END'\n%s\nEND\nexit %d\n" % (told, failed)
        make = "import os, sys; os.makedirs(sys.argv[1] + '/bin'); path = sys.argv[1] + '/bin/python'; "
        make += "open(path, 'w').write(sys.argv[2]); os.chmod(path, 0o755)"
        return [[interpreter, "-c", make, folder, script]]

    monkeypatch.setattr(every, "find_python", lambda version: sys.executable)
    monkeypatch.setattr(every, "installation", install)
    rows = [
        {"release": release, "python": "3.6", "modes": ["eager"], "requires": ["tensorflow==" + release]}
        for release in ("1.4.0", "2.3.4", "2.9.3")
    ]
    (tmp_path / "environments.json").write_text(json.dumps(rows))
    return lambda *args: verify_all.main(["--rows", str(tmp_path / "environments.json"), *args])


def test_table_has_a_row_for_each_keras_with_its_counts(run, capsys):
    assert run("--release", "1.4") == 0
    table = capsys.readouterr().out.splitlines()
    assert table[2:] == ["| 1.4.0 | 3.6 | keras2 2.1 | 2 | 1 | 1 | 0 | 0 |"]


def test_what_is_wrong_on_one_keras_is_told_below_the_table(run, capsys):
    assert run("--release", "2.3") == 1
    out = capsys.readouterr().out
    assert "| 2.3.4 | 3.6 | keras3 3.1 | 1 | 1 | 0 | 0 | 0 |\n| 2.3.4 | 3.6 | keras2 2.1 | 1 | 0 | 0 | 0 | 1 |" in out
    assert "keras3 3.1: " not in out and "2.3.4, keras2 2.1: wrong\neager first\nfacts.n: expected 1, obtained 2" in out


def test_release_that_cannot_be_verified_does_not_stop_the_rest(run, capsys):
    assert run("--json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["release"] for row in rows] == ["1.4.0", "2.3.4", "2.3.4", "2.9.3"]
    assert rows[-1]["status"] == "not verified" and "golden: no recording" in rows[-1]["detail"]
