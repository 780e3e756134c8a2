"""The command `amef`, in this process and as a program."""
