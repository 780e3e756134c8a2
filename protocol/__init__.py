"""Wire protocols as pure code: bytes in, actions out; no I/O, no clock, no thread, no log."""
