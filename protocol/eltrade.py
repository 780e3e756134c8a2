"""The Eltrade wire: legacy ISL frames, six status bytes [other_protocols.md 3, 5; manual 1.1.7].

Request:  01 | LEN | SEQ | CMD | data |                05 | BCC x4 | 03
Reply:    01 | LEN | SEQ | CMD | data | 04 | status x6 | 05 | BCC x4 | 03

What a repeat does: a frame with the SEQ of the last one, whatever its CMD, executes nothing; the
device repeats its last answer [other_protocols.md 0.1]. The manual's table ends LEN at 7F and
allows 213 bytes of data all the same; no request of ours is longer than 90.
"""

from protocol.isl import Layout
from protocol.isl_exchange import Isl

LAYOUT = Layout(digits=0, status_size=6, controls=b"\t\n")
ELTRADE = Isl(LAYOUT)
