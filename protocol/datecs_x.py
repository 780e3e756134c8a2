"""The X series wire protocol (Datecs X, MX, and every Romanian Datecs with a JE that was seen).

Request:  01 | LEN x4 | SEQ | CMD x4 | data |                05 | BCC x4 | 03
Reply:    01 | LEN x4 | SEQ | CMD x4 | data | 04 | status x8 | 05 | BCC x4 | 03

The ISL exchange with wider numbers: LEN and CMD are four digits 30..3F, high first. What a repeat
does is the same (the device repeats its last answer) [datecs.md 2.1, 2.2; X manual v2.08].
"""

from protocol.isl import Layout
from protocol.isl_exchange import Isl

LAYOUT = Layout(digits=4, status_size=8, controls=b"\t")
DATECS_X = Isl(LAYOUT)
