"""The Incotex wire: legacy ISL frames, six status bytes [other_protocols.md 3, 6; manual 2019].

Request:  01 | LEN | SEQ | CMD | data |                05 | BCC x4 | 03
Reply:    01 | LEN | SEQ | CMD | data | 04 | status x6 | 05 | BCC x4 | 03

What a repeat does: a frame with the SEQ of the last one, whatever its CMD, executes nothing; the
device repeats its last answer [other_protocols.md 0.1]. LEN ends at 7F: a request holds 91 bytes of
data. The manual's 20..7F for data contradicts its own Cyrillic names; replies are read up to FF.
"""

from protocol.isl import Layout
from protocol.isl_exchange import Isl

LEN_MAX, LEN_OF_NOTHING = 0x7F, 0x24
LAYOUT = Layout(digits=0, status_size=6, controls=b"\t\n", data_max=LEN_MAX - LEN_OF_NOTHING)
INCOTEX = Isl(LAYOUT)
