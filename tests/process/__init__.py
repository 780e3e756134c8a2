"""The real program in real processes, through a pseudo-terminal and real HTTP."""
