"""`tfcompat audit` of the models that real TensorFlow 1 made."""

import os
import shutil

import pytest
from expected_audits import DEFAULTS, EXPECTED

from tfcompat.migrate.auditing.audit import audit
from tfcompat.migrate.auditing.diagnoses import KINDS

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")


def rows_of(report):
    """The sites in the form of `expected_audits`."""
    rows = []
    for site in report.sites:
        assert site.arguments["fused"] == {"fused": True, "unfused": False}.get(site.form, "?")
        arguments = {name: value for name, value in site.arguments.items() if name != "fused"}
        different = {name: value for name, value in arguments.items() if value != DEFAULTS[name]}
        if site.call != site.layer:
            different["call"] = site.call
        rows.append((site.layer, site.form, str(site.training), different))
    return rows


def codes_of(report):
    found = {}
    for diagnosis in report.diagnoses:
        found.setdefault(diagnosis.layer, []).append(diagnosis.code)
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_audit_finds_the_sites_their_arguments_and_what_is_wrong(name):
    report = audit(os.path.join(MODELS, *name.split("/")))
    rows, codes = EXPECTED[name]
    assert rows_of(report) == [
        row[:3] + ({k: v for k, v in row[3].items() if DEFAULTS.get(k, "") != v},) for row in rows
    ]
    assert codes_of(report) == codes
    assert report.notes == ()


def test_every_model_with_a_graph_is_audited():
    kept = {name: os.listdir(os.path.join(MODELS, name)) for name in os.listdir(MODELS)}
    graphs = {name for name, files in kept.items() if any(not file.endswith((".h5", ".npz")) for file in files)}
    assert {name.split("/")[0] for name in EXPECTED} == graphs


def test_every_diagnosis_of_a_graph_is_seen_in_a_legacy_model_or_named_here():
    seen = {code for _, codes in EXPECTED.values() for found in codes.values() for code in found}
    elsewhere = {"statistics-still", "training-off"}  # of test_doctor, and of test_audit_graphs
    assert seen | elsewhere == set(KINDS)


@pytest.mark.parametrize("ending", [".index", ".meta", ".data-00000-of-00001"])
def test_checkpoint_may_be_named_by_any_of_its_files(ending):
    report = audit(os.path.join(MODELS, "resnet", "model.ckpt" + ending))
    rows, codes = EXPECTED["resnet/model.ckpt"]
    assert (rows_of(report), codes_of(report), report.steps) == (rows, codes, 30)


def test_checkpoint_may_be_named_by_its_folder(tmp_path):
    for name in os.listdir(os.path.join(MODELS, "towers")):
        shutil.copy(os.path.join(MODELS, "towers", name), str(tmp_path))
    assert codes_of(audit(str(tmp_path))) == EXPECTED["towers/model.ckpt"][1]
    (tmp_path / "other.index").write_bytes(b"")
    (tmp_path / "checkpoint").write_text(
        'model_checkpoint_path: "/before/it/moved/model.ckpt"\nall_model_checkpoint_paths: "other"\n'
    )
    assert codes_of(audit(str(tmp_path))) == EXPECTED["towers/model.ckpt"][1]


def test_metagraph_alone_shows_what_the_graph_shows(tmp_path):
    path = str(tmp_path / "graph.meta")
    shutil.copy(os.path.join(MODELS, "never-updated", "model.ckpt.meta"), path)
    report = audit(path)
    assert rows_of(report) == EXPECTED["never-updated/model.ckpt"][0]
    assert {code for codes in codes_of(report).values() for code in codes} == {"updates-not-run"}


def test_checkpoint_alone_shows_its_layers_and_values(tmp_path):
    for name in ("model.ckpt.index", "model.ckpt.data-00000-of-00001"):
        shutil.copy(os.path.join(MODELS, "broken-statistics", name), str(tmp_path))
    report = audit(str(tmp_path / "model.ckpt"))
    assert [(site.layer, site.form, site.size) for site in report.sites] == [
        *(("batch_normalization", "variables", 4), ("batch_normalization_1", "variables", 4)),
        ("batch_normalization_2", "variables", 5),
    ]
    assert [site.arguments["scale"] for site in report.sites] == [True, True, False]
    assert codes_of(report) == EXPECTED["broken-statistics/model.ckpt"][1]
    assert ["without a .meta" in note for note in report.notes] == [True]
