"""The commands of a Datecs X device that several of its modules send [datecs.md 4].

62   the clock                             125 0   choose a document of the JE: its header
123  1 who it is, 3 the last receipt and Z     1   its next line, until -100003
124  which documents the JE has            255     variables, by name
"""

READ_CLOCK, DEVICE_INFO, JE_FIND, JE_READ, VARIABLE = 62, 123, 124, 125, 255
END_OF_DATA = "-100003"
