"""What is stored comes back; what is damaged, in conflict or cut off is named; what was there stays."""

import json
import os
import subprocess
import sys
import zlib

import pytest

from golden import digests, files
from golden.files import DataError
from golden.pack import MAGIC, Pack
from golden.store import Key, Store, definition_digest, release_order
from samples import HERE, KEY, RELEASE, make_case, make_observation

ROOT = os.path.dirname(os.path.dirname(HERE))

OTHER = make_observation((9.0, 9.0, 9.0))


def content_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class TestPack:
    def test_observations_come_back_with_notes(self, tmp_path):
        pack, path = Pack(tmp_path / "case.bin"), tmp_path / "case.bin"
        seen = [make_observation(), OTHER, make_observation(n=1)]
        shas = [pack.add(observation) for observation in seen]
        path.write_bytes(pack.content)
        again = Pack.read(path)
        assert [again.get(sha).manifest() for sha in shas] == [observation.manifest() for observation in seen]

    def test_same_observation_and_same_data_are_kept_once(self):
        pack = Pack("case.bin")
        pack.add(make_observation())
        size = len(pack.content)
        pack.add(make_observation())
        assert len(pack.content) == size
        pack.add(make_observation(n=1))
        assert len(pack.content) - size < 100

    def test_adding_only_appends(self, tmp_path):
        pack, path = Pack("case.bin"), tmp_path / "case.bin"
        pack.add(make_observation())
        path.write_bytes(pack.content)
        longer = Pack.read(path)
        longer.add(OTHER)
        assert longer.content.startswith(pack.content)

    def test_no_flipped_byte_changes_what_comes_back(self, tmp_path):
        pack, path, undamaged = Pack("case.bin"), tmp_path / "case.bin", 0
        messages = []
        shas = [pack.add(make_observation()), pack.add(OTHER)]
        for place in range(len(pack.content)):
            damaged = bytearray(pack.content)
            damaged[place] ^= 0x10
            path.write_bytes(bytes(damaged))
            try:
                again = Pack.read(path)
            except DataError as error:
                messages.append(str(error))
            else:
                assert list(again.observations) == shas
                undamaged += 1
        assert all("case.bin" in message for message in messages)
        assert undamaged <= 2, "only the padding after each of the two zlib streams means nothing"

    def test_cut_off_pack_is_found(self, tmp_path):
        pack, path = Pack("case.bin"), tmp_path / "case.bin"
        pack.add(make_observation())
        for size in range(len(MAGIC) + 1, len(pack.content)):
            path.write_bytes(pack.content[:size])
            with pytest.raises(DataError, match="case.bin, entry 0 at byte %d: the file ends" % len(MAGIC)):
                Pack.read(path)

    def test_entry_that_unpacks_to_far_more_than_an_observation_is_refused(self, tmp_path):
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        squeezed = deflate.compress(b"{}\n" + bytes(2**25)) + deflate.flush()
        path = tmp_path / "case.bin"
        path.write_bytes(MAGIC + bytes(32) + len(squeezed).to_bytes(4, "little") + squeezed)
        with pytest.raises(DataError, match="entry 0 at byte 14: .*unpacks to more than 16777216 bytes"):
            Pack.read(path)

    def test_missing_observation_is_named(self):
        with pytest.raises(DataError, match="case.bin holds 0 observations, and not abc"):
            Pack("case.bin").get("abc")


class TestStore:
    def test_recording_comes_back(self, store, record):
        record({"second": OTHER, "first": make_observation()})
        index = Store(store.root).index(KEY)
        assert index.cases["first"].definition == definition_digest(make_case("first"))
        assert index.fingerprint == "f00d"
        assert store.observation("second", index.cases["second"].sha).sha == OTHER.sha

    def test_index_has_one_sorted_line_for_each_case(self, store, record):
        record({"second": OTHER, "first": make_observation()})
        lines = [line.strip() for line in open(store.index_path(KEY))]
        assert lines[2:4] == [
            '"first": "%s %s",' % (make_observation().sha, definition_digest(make_case("first"))),
            '"second": "%s %s"' % (OTHER.sha, definition_digest(make_case("second"))),
        ]

    def test_cases_are_added_to_those_that_are_there(self, store, record):
        record({"first": make_observation()})
        record({"second": OTHER})
        assert sorted(store.index(KEY).cases) == ["first", "second"]

    def test_same_recording_again_changes_nothing(self, store, record, tmp_path):
        record({"first": make_observation()})
        before = content_of(tmp_path)
        record({"first": make_observation()})
        assert content_of(tmp_path) == before

    def test_other_recording_of_a_case_is_a_conflict(self, store, record, tmp_path):
        record({"first": make_observation()})
        before = content_of(tmp_path)
        with pytest.raises(DataError, match="eager.json has other recordings of first"):
            record({"first": OTHER, "second": OTHER})
        assert content_of(tmp_path) == before

    def test_replacing_keeps_the_reason_and_the_old_observation(self, store, record):
        record({"first": make_observation(), "second": OTHER})
        record({"first": OTHER}, replace="the input was wrong")
        index = store.index(KEY)
        assert index.cases["first"].sha == OTHER.sha
        assert index.replaced == [{"cases": ["first"], "reason": "the input was wrong"}]
        store.observation("first", make_observation().sha)

    def test_replacing_can_drop_cases_that_are_no_more(self, store, record):
        record({"first": make_observation(), "second": OTHER})
        record({"first": make_observation()}, replace="second is gone", only=["first"])
        assert sorted(store.index(KEY).cases) == ["first"]
        assert store.index(KEY).replaced == [{"cases": ["second"], "reason": "second is gone"}]

    def test_cpu_classes_do_not_mix(self, store, record):
        record({"first": make_observation()})
        with pytest.raises(DataError, match="fingerprint f00d, this CPU and build have beef"):
            record({"second": OTHER}, fingerprint="beef", replace="a new machine")
        record({"first": OTHER}, fingerprint="beef", replace="a new machine")
        assert store.index(KEY).fingerprint == "beef"

    def test_missing_index_names_those_that_are_there(self, store, record):
        record({"first": make_observation()})
        with pytest.raises(DataError, match="no recording 2.9.0/.*; recorded are: 2.21.0/onednn-off/eager"):
            store.index(KEY._replace(release="2.9.0"))

    @pytest.mark.parametrize(
        "damage", [b"{", b"[]", b"{}", b"\xff", b'{"cases": {"first": "deadbeef"}}', b"[" * 100000]
    )
    def test_damaged_index_is_named(self, store, record, damage):
        record({"first": make_observation()})
        with open(store.index_path(KEY), "wb") as target:
            target.write(damage)
        with pytest.raises(DataError, match="eager.json is not an index"):
            store.index(KEY)

    @pytest.mark.parametrize("name, value", [("provenance", None), ("replaced", {}), ("fingerprint", 7), ("cases", 7)])
    def test_index_with_a_part_of_another_type_is_named(self, store, record, name, value):
        record({"first": make_observation()})
        with open(store.index_path(KEY)) as source:
            content = dict(json.load(source), **{name: value})
        with open(store.index_path(KEY), "w") as target:
            json.dump(content, target)
        with pytest.raises(DataError, match="eager.json is not an index"):
            store.index(KEY)

    def test_index_in_the_wrong_place_is_named(self, store, record):
        record({"first": make_observation()})
        elsewhere = KEY._replace(release="2.9.0")
        os.makedirs(os.path.dirname(store.index_path(elsewhere)))
        os.rename(store.index_path(KEY), store.index_path(elsewhere))
        with pytest.raises(DataError, match="says that it is for 2.21.0"):
            store.index(elsewhere)

    def test_edited_sha_is_found(self, store, record):
        record({"first": make_observation()})
        with pytest.raises(DataError, match="first.bin holds 1 observations, and not"):
            store.observation("first", OTHER.sha)

    def test_releases_are_in_order_of_their_numbers(self, store, record):
        for release in ("2.21.0", "2.9.3", "2.22.0rc0", "2.22.0", "1.15.5"):
            record({"first": make_observation()}, key=Key(release, "onednn-off", "eager"))
        assert [key.release for key in store.keys()] == ["1.15.5", "2.9.3", "2.21.0", "2.22.0rc0", "2.22.0"]
        assert release_order("2.9.0") < release_order("2.10.0")

    def test_index_is_json_that_people_can_diff(self, store, record):
        record({"first": make_observation()})
        with open(store.index_path(KEY)) as source:
            content = json.load(source)
        assert content["release"] == RELEASE and content["provenance"][0]["fingerprint"] == "f00d"


class TestWrite:
    def test_what_will_be_is_written_first_then_packs_then_the_index_then_what_is(self, store, record, monkeypatch):
        written, replace = [], os.replace
        monkeypatch.setattr(files.os, "replace", lambda one, other: (written.append(other), replace(one, other)))
        record({"first": make_observation(), "second": OTHER})
        names = ["SHA256SUMS.pending", "first.bin", "second.bin", "eager.json", "SHA256SUMS"]
        assert [os.path.basename(path) for path in written] == names

    def test_every_file_has_a_digest_and_nothing_is_pending(self, store, record, tmp_path):
        record({"first": make_observation(), "second": OTHER})
        record({"first": OTHER}, replace="for the test")
        there = {name for name in content_of(tmp_path / "data") if name != digests.NAME}
        assert (
            set(digests.read(store.root))
            == there
            == {"index/2.21.0/onednn-off/eager.json"}
            | {
                "observations/first.bin",
                "observations/second.bin",
            }
        )
        assert digests.odd(store.root, there) == []

    def test_pruning_takes_away_packs_that_no_index_names(self, store, record):
        record({"first": make_observation(), "second": OTHER})
        record({"first": make_observation()}, replace="second is gone", only=["first"])
        assert store.prune() == 1
        assert store.packs() == ["first"] and "observations/second.bin" not in digests.read(store.root)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """What `run_killed_recorder.py` found: scenario -> what was there after a kill before each step, and at the end."""
    script = os.path.join(HERE, "run_killed_recorder.py")
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join([ROOT, HERE]))
    command = [sys.executable, script, str(tmp_path_factory.mktemp("killed"))]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scenario", ["first", "more", "replace", "prune"])
class TestKilledWriter:
    def test_is_killed_at_every_step(self, killed, scenario):
        steps = [state["step"] for state in killed[scenario]]
        assert steps[-1] == "end" and len(steps) > 20
        assert {"open", "half", "write", "fsync", "replace", "remove"} <= {step.split(" ")[0] for step in steps}

    def test_leaves_what_was_recorded_before_as_it_was(self, killed, scenario):
        assert {state["before"] for state in killed[scenario]} == {"whole"}

    def test_leaves_the_index_as_before_or_complete_and_no_later_one_goes_back(self, killed, scenario):
        indexes = [state["index"] for state in killed[scenario]]
        assert indexes == sorted(indexes) and set(indexes) <= {"0 as before", "1 complete"}
        assert indexes[-1] == "1 complete" and (scenario == "prune" or indexes[0] == "0 as before")

    def test_leaves_no_damage_and_nothing_missing(self, killed, scenario):
        assert {kind for state in killed[scenario] for kind in state["kinds"]} <= {"cut-off", "orphan"}
        assert killed[scenario][-1]["kinds"] == []

    def test_is_told_by_fsck_if_it_left_anything(self, killed, scenario):
        assert all(state["kinds"] or not state["left"] for state in killed[scenario])

    def test_is_made_good_by_doing_it_again(self, killed, scenario):
        assert {state["again"] for state in killed[scenario]} == {"as if never killed"}


@pytest.mark.parametrize("key", ["args", "input", "id"])
def test_definition_follows_what_a_case_does(key):
    assert definition_digest(make_case("first")) != definition_digest(dict(make_case("first"), **{key: "other"}))


@pytest.mark.parametrize("key", ["about", "family", "modes", "portable"])
def test_definition_leaves_out_what_a_case_is_for(key):
    assert definition_digest(make_case("first")) == definition_digest(dict(make_case("first"), **{key: "other"}))
