"""What the installed TensorFlow cannot run is not collected."""

from golden import installed

#: contrib went with TensorFlow 2.
collect_ignore = [] if installed.minor(installed.release()) < (2, 0) else ["test_rewrite_contrib.py"]
