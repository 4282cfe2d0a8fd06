"""The subject does what the real function does in the same process, bit for bit; asked for with --golden-live."""

import pytest

from golden import compare, expectations, pins


@pytest.mark.beside
def test_subject_does_as_live(keras, mode, case_id, observed, store, request):
    run = observed(subjects(request.config), keras, mode)
    expected, obtained = run.observations[case_id]
    compare.check(expected, obtained, ignored=expectations.not_deterministic(store, mode).get(case_id, ()))


def subjects(config):
    """The real function, and the subject beside it in one process."""
    return "%s,%s" % (pins.REAL, config.getoption("golden_subject"))


test_subject_does_as_live.subject = subjects
