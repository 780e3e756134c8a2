"""`python -m agent` is `amef`."""

from agent.cli import main

main()
