"""The subject does what the real function does in the same process, bit for bit; asked for with --golden-live."""

from golden import compare, pins


def test_subject_does_as_live(keras, mode, case_id, observed, request):
    run = observed(subjects(request.config), keras, mode)
    expected, obtained = run.observations[case_id]
    compare.check(expected, obtained)


def subjects(config):
    """The real function, and the subject beside it in one process."""
    return "%s,%s" % (pins.REAL, config.getoption("golden_subject"))


test_subject_does_as_live.subject = subjects
