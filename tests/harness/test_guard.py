"""No test session writes a recording: what could is refused, what did fails the session."""

import os

import pytest

pytest_plugins = "pytester"

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

CONFTEST = """
import importlib.util
spec = importlib.util.spec_from_file_location("guarded", %r)
guarded = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guarded)
globals().update({name: value for name, value in vars(guarded).items() if name.startswith("pytest_")})
""" % os.path.join(TESTS, "conftest.py")


@pytest.fixture
def session(pytester):
    """A function that runs a test session with the project's options over one test and one recording."""
    recording = pytester.mkdir("data") / "first.bin"
    recording.write_bytes(b"recorded")
    pytester.makeconftest(CONFTEST)

    def run(body, *args):
        pytester.makepyfile("import pathlib\ndef test_one():\n    " + body)
        return pytester.runpytest_subprocess("--golden-data", str(recording.parent), *args)

    return run


def test_session_that_leaves_recordings_alone_passes(session):
    assert session("pass").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    "body, name",
    [
        ("pathlib.Path('data/first.bin').write_bytes(b'other')", "first.bin"),
        ("pathlib.Path('data/first.bin').unlink()", "first.bin"),
        ("pathlib.Path('data/second.bin').write_bytes(b'new')", "second.bin"),
    ],
)
def test_session_that_changes_a_recording_fails_though_its_tests_pass(session, body, name):
    result = session(body)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*recordings were changed by this session*", "*" + name])


@pytest.mark.parametrize("option", ["--force-regen", "--regen-all"])
def test_regenerating_is_refused(session, option):
    result = session("pass", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*%s is refused: recordings come from real TensorFlow alone*" % option])
