"""The memory that a step takes beyond what was there before it, and how fast memory is."""

import os
import re
import threading
import time

import numpy as np

#: For a process whose steps are timed: glibc keeps what is freed, as TensorFlow's own allocator with oneDNN does, so
#: that no step pays for fresh pages.  It keeps nothing in the arenas that other threads than the first have.
ENVIRONMENT_OF_TIMES = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}

#: For a process whose memory is measured: every larger tensor has pages of its own, which go back to the system when it
#: is freed. Else what an earlier step left in an allocator would hide what this one needs. It costs time, so that times
#: are measured in other processes.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536", "TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1"}


#: In each the operations run in another order, and need more or less at once.
STEPS = 3


def peak_of(step):
    """Bytes that a step needs at most beyond what the process has, or None on a system that is not Linux."""
    step()
    try:
        with open("/proc/self/clear_refs", "w") as control:
            control.write("5")  # the highest resident memory is now that of now
        before = _highest()
        for _ in range(STEPS):
            step()
        return _highest() - before
    except OSError:
        return None


def _highest():
    with open("/proc/{}/status".format(os.getpid())) as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) << 10


def bandwidth(threads, megabytes=128, repeats=9):
    """Bytes a second that a copy moves, read and written: the best of some `np.copyto` of a large array.

    Each thread copies its own part; NumPy holds no lock meanwhile.
    """
    size = (megabytes << 20) // threads // 8
    pairs = [(np.zeros(size), np.ones(size)) for _ in range(threads)]
    return 2 * 8 * size * threads / min(_seconds(pairs) for _ in range(repeats))


def _seconds(pairs):
    copies = [threading.Thread(target=np.copyto, args=pair) for pair in pairs]
    start = time.perf_counter()
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()
    return time.perf_counter() - start
