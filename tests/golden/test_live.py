"""The subject does what the real function does in the same process, bit for bit; asked for with --golden-live."""

from golden import compare, pins


def test_subject_does_as_live(keras, mode, case_id, observed, request):
    subjects = "%s,%s" % (pins.REAL, request.config.getoption("golden_subject"))
    run = observed("test_subject_does_as_live", subjects, keras, mode)
    expected, obtained = run.observations[case_id]
    compare.check(expected, obtained)
