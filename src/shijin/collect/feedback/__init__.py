"""Files of feedback become events: one row is feedback on an item, a list or a customer's tier.

`read_feedback` reads a source; `match_known_events` gives the events of a source without times the ids and times that
the shop has stored.
"""

from shijin.collect.feedback.known import KnownIds
from shijin.collect.feedback.repeats import match_known_events
from shijin.collect.feedback.source import read_feedback

__all__ = ["KnownIds", "match_known_events", "read_feedback"]
