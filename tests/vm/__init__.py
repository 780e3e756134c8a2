"""Power cuts for real: `amef run` in a virtual machine, on a disk that forgets. See README.md."""
