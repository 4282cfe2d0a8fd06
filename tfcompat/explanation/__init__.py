"""What a call of the layer does, why, with which numbers, what is likely to go wrong, and what other releases do."""

from tfcompat.explanation.advice import Advice
from tfcompat.explanation.averages import Averages, Row
from tfcompat.explanation.call import FED, LEFT_OUT, Call, Group
from tfcompat.explanation.differences import UNTOLD, Difference
from tfcompat.explanation.explained import Explanation, explain, explanation, followed

__all__ = [
    "explain",
    "explanation",
    "followed",
    "Explanation",
    "Call",
    "Group",
    "FED",
    "LEFT_OUT",
    "Averages",
    "Row",
    "Advice",
    "Difference",
    "UNTOLD",
]
