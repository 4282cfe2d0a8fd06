"""`python -m golden fsck` finds whatever is wrong with a file of the recordings or of the tables, and nothing else."""

import json
import random
import subprocess

import pytest

from golden import __main__ as commands
from golden import bounds, catalogue, digests, environments, fsck
from golden.files import DataError
from golden.integrity import input_hashes
from golden.store import DATA, Key, Recording, Store, definition_digest
from samples import make_observation

PLAIN = {"about": "a case", "input": {"shape": [2, 3]}, "modes": ["eager"]}
FAMILY = {"family": "plain", "about": "two cases", "cases": [dict(PLAIN, id="one"), dict(PLAIN, id="two")]}
KEY = Key("2.21.0", "onednn-off", "eager")
ENVIRONMENT = {"release": "2.21.0", "python": "3.11", "modes": ["eager"], "requires": ["tensorflow==2.21.0"]}
BOUND = {"case": "one", "eps": 1, "reason": "for the test"}


@pytest.fixture
def tables(tmp_path):
    """A catalogue of two cases, a bound and an environment."""
    folder = tmp_path / "tables"
    (folder / "catalogue").mkdir(parents=True)
    for name, content in (
        ("catalogue/plain.json", FAMILY),
        ("bounds.json", [BOUND]),
        ("environments.json", [ENVIRONMENT]),
    ):
        (folder / name).write_text(json.dumps(content, indent=1))
    return folder


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def record(data, tables):
    """A function that records cases, made from some inputs."""

    def write(value=1.0, replace=None, **facts):
        recording = Recording(Store(data), KEY, {"fingerprint": "f00d", "tensorflow": KEY.release})
        for case_id, case in catalogue.load(str(tables / "catalogue")).items():
            known = dict({"inputs": input_hashes(case, KEY.release)}, **facts)
            recording.add(case_id, definition_digest(case), make_observation((value,), **known))
        recording.write(replace)

    return write


@pytest.fixture
def run(data, tables):
    """A function that runs `python -m golden fsck` and returns its exit status."""
    return lambda *args: commands.main(["fsck", "--data", str(data), "--tables", str(tables)] + list(args))


@pytest.fixture
def sealed(record, run, capsys):
    """Recordings and tables in which nothing is wrong."""
    record()
    assert run("--seal") == 0
    capsys.readouterr()


@pytest.fixture
def found(data, tables):
    """A function that gives (kind, file) of all findings."""
    return lambda: [(one.kind, one.file) for one in fsck.Check(str(data), str(tables)).findings()]


def flipped(content, seed):
    """Every byte of a file in turn, each with another bit flipped."""
    bits = random.Random(seed)
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << bits.randrange(8)
        yield place, bytes(damaged)


@pytest.mark.usefixtures("sealed")
class TestFlippedBit:
    @pytest.mark.parametrize(
        "name",
        [
            "data/observations/one.bin",
            "data/index/2.21.0/onednn-off/eager.json",
            "data/SHA256SUMS",
            "tables/catalogue/plain.json",
            "tables/bounds.json",
            "tables/environments.json",
            "tables/SHA256SUMS",
        ],
    )
    def test_is_found_in_every_byte_of_every_kind_of_file(self, tmp_path, found, name):
        path = tmp_path / name
        content, overlooked = path.read_bytes(), []
        for place, damaged in flipped(content, name):
            path.write_bytes(damaged)
            overlooked += [] if found() else [place]
        assert overlooked == []
        path.write_bytes(content)
        assert found() == []

    def test_that_leaves_a_valid_index_is_told_as_damage_of_that_file(self, data, found):
        path = data / "index" / "2.21.0" / "onednn-off" / "eager.json"
        path.write_bytes(path.read_bytes().replace(b"f00d", b"f00e"))
        assert Store(data).index(KEY).fingerprint == "f00e"
        assert found() == [("damaged", "index/2.21.0/onednn-off/eager.json")]

    def test_cut_off_file_is_found_wherever_it_ends(self, data, found):
        path = data / "observations" / "one.bin"
        content = path.read_bytes()
        for size in range(0, len(content), 7):
            path.write_bytes(content[:size])
            assert ("damaged", "observations/one.bin") in found()


@pytest.mark.usefixtures("sealed")
class TestOrphan:
    def test_observation_that_no_index_names(self, record, found, data):
        record(2.0, replace="for the test")
        assert found() == [("orphan", "observations/one.bin"), ("orphan", "observations/two.bin")]
        Store(data).prune()
        assert found() == []

    def test_pack_and_line_of_a_case_that_is_not_in_the_catalogue(self, tables, found):
        family = dict(FAMILY, cases=FAMILY["cases"][:1])
        (tables / "catalogue" / "plain.json").write_text(json.dumps(family))
        assert [one for one in found() if one[0] == "orphan"] == [
            ("orphan", "index/2.21.0/onednn-off/eager.json"),
            ("orphan", "observations/two.bin"),
        ]

    @pytest.mark.parametrize(
        "name",
        ["data/notes.txt", "data/observations/one.bin~", "data/index/2.21.0/eager.json", "data/index/new/a/eager.json"],
    )
    def test_file_of_another_name(self, tmp_path, found, name):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
        assert ("orphan", name[len("data/") :]) in found()

    def test_file_in_the_catalogue_that_is_no_family(self, tables, found):
        (tables / "catalogue" / "plain.json~").write_text("{}")
        assert ("orphan", "catalogue/plain.json~") in found()

    def test_what_a_killed_writer_left_is_told_apart(self, data, found):
        (data / "observations" / "one.bin.tmp").write_text("half")
        assert found() == [("cut-off", "observations/one.bin.tmp")]


@pytest.mark.usefixtures("sealed")
class TestMissing:
    def test_pack(self, data, found):
        (data / "observations" / "one.bin").unlink()
        assert found() == [("missing", "index/2.21.0/onednn-off/eager.json"), ("missing", "observations/one.bin")]

    def test_observation_of_a_store_without_digests(self, data, found):
        (data / "observations" / "one.bin").unlink()
        (data / digests.NAME).unlink()
        assert ("missing", "index/2.21.0/onednn-off/eager.json") in found()

    @pytest.mark.parametrize("name", ["data/index/2.21.0/onednn-off/eager.json", "tables/bounds.json"])
    def test_index_or_table(self, tmp_path, found, name):
        (tmp_path / name).unlink()
        assert ("missing", name.split("/", 1)[1]) in found()

    def test_case_that_is_not_recorded(self, tables, found):
        family = dict(FAMILY, cases=FAMILY["cases"] + [dict(FAMILY["cases"][0], id="three")])
        (tables / "catalogue" / "plain.json").write_text(json.dumps(family))
        assert ("missing", "index/2.21.0/onednn-off/eager.json") in found()


class TestInput:
    def test_that_the_case_does_not_have_is_found(self, record, run, capsys):
        record(inputs=["0123456789abcdef"])
        assert run() == 1
        assert "one was made from the inputs ['0123456789abcdef'], the case has ['" in capsys.readouterr().out

    def test_that_is_not_told_is_found(self, record, found):
        record(inputs=[])
        assert ("input", "index/2.21.0/onednn-off/eager.json") in found()

    def test_is_not_expected_of_a_process_that_died(self, record, run):
        record(inputs=[], raised={"type": "Crash", "phase": "process"})
        assert run("--seal") == 0

    def test_of_a_family_that_was_edited_after_it_was_recorded_is_found(self, sealed, tables, found):
        family = dict(FAMILY, cases=[dict(case, input={"shape": [2, 3], "values": "huge"}) for case in FAMILY["cases"]])
        (tables / "catalogue" / "plain.json").write_text(json.dumps(family))
        assert {kind for kind, _ in found()} == {"damaged", "changed", "input"}

    def test_in_bfloat16_is_that_of_the_release(self):
        case = {"id": "one", "input": {"shape": [2, 3], "dtype": "bfloat16"}}
        assert input_hashes(case, "1.4.0") != input_hashes(case, "1.5.1") == input_hashes(case, "2.21.0")


class TestSeal:
    def test_is_asked_for_where_files_have_no_digest(self, record, run, tables, capsys):
        record()
        assert run() == 1
        assert "catalogue/plain.json: it has no digest in SHA256SUMS" in capsys.readouterr().out
        assert run("--seal") == 0
        assert "3 files have a new digest" in capsys.readouterr().out
        assert run() == 0

    def test_takes_an_edited_table(self, sealed, run, tables, capsys):
        (tables / "bounds.json").write_text(json.dumps([dict(BOUND, eps=2)]))
        assert run() == 1
        assert "bounds.json: it is not as it was sealed" in capsys.readouterr().out
        assert [run("--seal"), run()] == [0, 0]

    def test_takes_a_table_that_is_gone(self, sealed, run, tables):
        (tables / "bounds.json").unlink()
        assert [run(), run("--seal"), run()] == [1, 0, 0]

    def test_refuses_a_recording_that_changed(self, sealed, run, data, capsys):
        path = data / "index" / "2.21.0" / "onednn-off" / "eager.json"
        path.write_bytes(path.read_bytes().replace(b"f00d", b"f00e"))
        before = (data / digests.NAME).read_bytes()
        assert run("--seal") == 1
        assert "0 files have a new digest" in capsys.readouterr().out
        assert (data / digests.NAME).read_bytes() == before

    def test_refuses_a_table_that_cannot_be_read(self, sealed, run, tables):
        (tables / "bounds.json").write_text("{}")
        assert [run("--seal"), run()] == [1, 1]

    def test_writes_what_sha256sum_reads(self, sealed, data):
        check = ["sha256sum", "--check", "--strict", digests.NAME]
        done = subprocess.run(check, cwd=str(data), stdout=subprocess.PIPE, text=True)
        assert done.returncode == 0 and done.stdout.count(": OK") == 3


class TestCommand:
    def test_whole_recordings_are_counted(self, sealed, run, capsys):
        assert run() == 0
        out, err = capsys.readouterr()
        assert [line.split() for line in out.splitlines()[1:5]] == [
            ["indexes", "1"],
            ["observations", "2"],
            ["packs", "2"],
            ["tables", "3"],
        ]
        assert "0 problems" in out and "3/3" in err

    def test_json_has_each_finding(self, sealed, run, data, capsys):
        (data / "notes.txt").write_text("{}")
        assert run("--json") == 1
        told = json.loads(capsys.readouterr().out)
        assert told["failed"] and told["files"] == {"indexes": 1, "packs": 2, "observations": 2, "tables": 3}
        assert [(one["kind"], one["file"]) for one in told["findings"]] == [
            ("orphan", "notes.txt"),
            ("unsealed", "notes.txt"),
        ]

    def test_json_is_json_when_sealing(self, sealed, run, capsys):
        assert run("--json", "--seal") == 0
        assert json.loads(capsys.readouterr().out)["sealed"] == 0

    def test_many_findings_of_a_kind_are_cut_short(self, sealed, run, data, capsys):
        for number in range(25):
            (data / ("%d.txt" % number)).write_text("")
        assert run() == 1
        assert "and 5 more; --json has all" in capsys.readouterr().out

    @pytest.mark.parametrize("option", ["--data", "--tables"])
    def test_folder_that_is_not_there_is_status_2(self, sealed, run, option, capsys, tmp_path):
        assert run(option, str(tmp_path / "nowhere")) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "is not a folder: --data has recordings" in line


@pytest.mark.parametrize("damage", [b"x", b"0" * 64 + b"  b\n" + b"0" * 64 + b"  a\n", b"\xff\n"])
def test_digests_that_are_not_as_they_are_written_are_refused(tmp_path, damage):
    (tmp_path / digests.NAME).write_bytes(damage)
    with pytest.raises(DataError, match="SHA256SUMS is damaged: each line is a sha256"):
        digests.read(str(tmp_path))


@pytest.mark.parametrize("name", ["catalogue/plain.json", "bounds.json", "environments.json"])
@pytest.mark.parametrize(
    "content", ["", "{", "7", "[7]", "{}", '{"cases": 7}', '{"cases": [{"id": 7}], "family": "plain"}', "[" * 100000]
)
def test_table_that_cannot_be_read_is_told_as_damage(sealed, tables, found, name, content):
    (tables / name).write_text(content)
    assert [one for one in found() if one[0] == "damaged" and one[1].startswith(name.split("/")[0])]
    load = {"catalogue/plain.json": catalogue.load, "bounds.json": bounds.load}.get(name, environments.load)
    with pytest.raises(DataError, match=name.split("/")[-1]):
        load(str(tables / name.replace("/plain.json", "")))


@pytest.mark.parametrize(
    "spec",
    [
        {"shape": [2**40]},
        {"shape": [-1]},
        {"shape": [2.5]},
        {"shape": 7},
        {"shape": [2], "values": "odd"},
        {"dtype": 7},
    ],
)
def test_input_that_cannot_be_made_is_refused(tmp_path, spec):
    family = dict(FAMILY, cases=[dict(FAMILY["cases"][0], input=dict({"like": "r2"}, **spec))])
    (tmp_path / "plain.json").write_text(json.dumps(family))
    with pytest.raises(DataError, match="plain.json"):
        catalogue.load(str(tmp_path))


def test_real_recordings_and_tables_are_whole():
    assert fsck.Check(DATA).findings() == []
