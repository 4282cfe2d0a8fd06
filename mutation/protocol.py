"""What is asked of a forker, and what it answers."""

import collections

#: keras: `keras2` or `keras3`; kind: `cases` or `tests`; mode: of `golden`, or the behaviour that tests run with;
#: paths: of the tests, none for cases.
Place = collections.namedtuple("Place", "keras kind mode paths")

#: What runs in one place and finds a change or not. id: `RELEASE CASE` (`-` for the release that runs), or the node of
#: a test; group: its family or test function, whose members find much the same.
Trial = collections.namedtuple("Trial", "id group")

#: A request to a `forker`. changed: path -> source; trace: paths of files whose lines are told; patience: seconds
#: without news after which the process is taken to hang.
Request = collections.namedtuple("Request", "place trials changed trace patience")

#: What is told of a trial that is over. failure: None, or why it failed; lines: path -> bits of the lines that ran.
Seen = collections.namedtuple("Seen", "trial seconds failure lines")

#: What a forker answers. ending: `end`, or how the process ended otherwise: `hang`, `crash`, or an `error` of the
#: harness with its traceback.
Answer = collections.namedtuple("Answer", "seen ending")
