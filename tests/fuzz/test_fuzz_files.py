"""Damaged files: every try ends with a success or one of our errors, and the tries themselves find what must not be."""

import json
import os
import random
import signal
import struct

import pytest

from fuzz import damage, file_child, file_command, file_kinds
from golden import pins

MODELS = os.path.join(pins.ROOT, "tests", "migrate", "models")
INDEX = os.path.join(MODELS, "renorm", "model.ckpt.index")


def quick_run():
    """What became of each try."""
    return file_command.run(file_command.QUICK, seed=1)


@pytest.mark.beside(call=quick_run)
def test_damaged_files_are_read_or_refused_in_one_line_and_little_memory(beside):
    assert [one for one in beside if one["outcome"] not in file_command.ALLOWED] == []


@pytest.mark.beside(call=quick_run)
def test_every_kind_is_tried_and_most_are_refused(beside):
    assert len({one["kind"] for one in beside}) == len(file_kinds.KINDS) and len(beside) >= file_command.QUICK
    refused = [one for one in beside if one["outcome"] == "refused"]
    assert len(refused) > len(beside) / 2


def test_child_that_ends_too_early_is_status_2(monkeypatch, capsys):
    monkeypatch.setattr(file_command.sys, "executable", "/bin/false")
    assert file_command.main(["--tries", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fuzz_files: the tries ended too early")


def status_of(call, tmp_path):
    return file_child.in_a_fork(call, str(tmp_path / "said"))


def grown():
    return len(bytearray(os.urandom(1) * (file_child.MEMORY + 2**20))) * 0


@pytest.mark.parametrize(
    "call, outcome",
    [
        (lambda: 0, "read"),
        (lambda: 2, "refused"),
        (lambda: 1 // 0, "other error"),
        (lambda: file_child.NO_LINE, "no line"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "crash"),
        (lambda: os.kill(os.getpid(), signal.SIGALRM), "hang"),
        (lambda: os.system("true"), "code run"),
        (lambda: len(bytearray(64 * file_child.MEMORY)), "other error"),
    ],
)
def test_what_becomes_of_a_try_is_told_apart(call, outcome, tmp_path):
    assert file_child.outcome(status_of(call, tmp_path)["status"]) == outcome


def test_memory_of_a_try_is_measured(tmp_path):
    assert status_of(grown, tmp_path)["memory"] > file_child.MEMORY
    assert status_of(lambda: 0, tmp_path)["memory"] < 64 * 2**20


@pytest.mark.parametrize("kind", ["bytes", "json", "table"])
def test_same_seed_damages_in_the_same_way(kind):
    with open(INDEX, "rb") as source:
        content = source.read() if kind != "json" else json.dumps({"a": [1, {"b": None}]}).encode("utf-8")
    damaged = [getattr(damage, "some_" + kind)(random.Random(seed), content) for seed in (3, 3, 4, 5, 6)]
    assert damaged[0] == damaged[1] and len(set(damaged)) > 2


def test_check_sum_is_that_of_the_blocks_of_a_checkpoint():
    assert damage.crc32c(b"123456789") == 0xE3069283
    with open(INDEX, "rb") as source:
        content = source.read()
    for start, size in damage._blocks(content):
        (kept,) = struct.unpack("<I", content[start + size + 1 : start + size + 5])
        assert kept == damage._masked(damage.crc32c(content[start : start + size + 1]))


def test_table_has_a_row_for_each_kind_and_says_what_is_wrong():
    tries = [("pack", "read"), ("pack", "refused"), ("index", "crash")]
    known = {"number": 7, "memory": 2**21, "said": "a\nb"}
    results = [dict(known, kind=kind, outcome=outcome) for kind, outcome in tries]
    lines = file_command.table(results)
    assert lines[0].split() == ["kind", "tries", "read", "refused", "crash", "MiB", "at", "most"]
    assert [line.split() for line in lines[1:4]] == [
        ["pack", "2", "1", "1", "0", "2"],
        ["index", "1", "0", "0", "1", "2"],
        ["all", "3", "1", "1", "1", "2"],
    ]
    assert lines[4:] == ["", "crash: index, try 7", "  a", "  b"]
