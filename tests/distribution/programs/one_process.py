"""Everything that one process with several virtual CPUs can show; writes it to the file that is named."""

import sys

import mirrored
import servers
import synchronized
import towers
from common import Results


def main(path):
    results = Results()
    for part in (mirrored, synchronized, towers, servers):
        part.observe(results)
    results.save(path)


if __name__ == "__main__":
    main(sys.argv[1])
