"""The simulator: whole shops on fake time, with faults at every byte, commit and HTTP request.

plan.py     what goes wrong and where: drawn from a seed, or listed
orders.py   what the shop asks of its printer
families.py which printer that is: each family's driver, and the sandbox's device on fake time
world.py    the real agent over a printer, a cable and a cloud of the simulation's own
checks.py   safety all the time, liveness at the end

make sim SEED=7        the story of one world
make sim SEEDS=20000   many worlds, and the counts
make sim FAMILY=tremol:bg SEED=7
"""
