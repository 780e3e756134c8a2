"""python -m tests.simulation: one world as a story, or many worlds as counts.

--seed 7 [--mutant NAME]     tell the story of world 7; exit 1 if it is wrong
--seeds 0:20000              run them on all cores, print one line of JSON
--dense                      of them only the quarter in which most goes wrong
--no-keyboard                worlds in which nobody types on the printer
--exhaustive                 every fault at every place of single commands
--family NAME[:DIALECT]      another printer than the Datecs X
"""

import argparse
import json
import logging
import os
import sys
from dataclasses import replace
from functools import partial
from multiprocessing import Pool
from time import perf_counter
from typing import Any

from tests.simulation.exhaustive import single_faults
from tests.simulation.families import FAMILIES
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import is_dense
from tests.simulation.runs import in_folder, summed
from tests.simulation.shrink import shrink
from tests.simulation.world import Script, script_of

CHUNK = 8
SHRUNK_MAX = 3


def main() -> int:
    options = parser().parse_args()
    logging.disable(logging.CRITICAL)
    run = partial(in_folder, mutant=options.mutant)
    if options.seed is not None:
        return tell(script_of(options.seed, options.family), run, short=options.short)
    if options.exhaustive:
        return many(list(single_faults(family=options.family)), run, options.processes)
    first, _, last = options.seeds.rpartition(":")
    seeds = range(int(first or 0), int(last))
    chosen = [seed for seed in seeds if is_dense(seed) or not options.dense]
    scripts = [script_of(seed, options.family) for seed in chosen]
    kept = [replace(one, keyboard=options.keyboard) for one in scripts]
    return many(kept, run, options.processes)


def tell(script: Script, run: Any, *, short: bool) -> int:
    if short:
        script = shrink(script, run)
    outcome = run(script, told=True)
    say("\n".join(outcome.story))
    say(f"seed {script.seed}: {len(outcome.faults)} faults, wrong: {outcome.wrongs}")
    return 1 if outcome.wrongs else 0


def many(scripts: list[Script], run: Any, processes: int) -> int:
    """Run worlds side by side; print the counts, and each failure as a short story."""
    started_s = perf_counter()
    with Pool(processes, logging.disable, (logging.CRITICAL,)) as pool:
        counts, failed = summed(pool.imap_unordered(run, scripts, CHUNK))
    counts["seconds"] = round(perf_counter() - started_s, 1)
    say(json.dumps(counts))
    scripts_of = {script.seed: script for script in scripts}
    for outcome in failed[:SHRUNK_MAX]:
        script = scripts_of[outcome.seed]
        if script.faults is not None:
            say(f"-- {script.faults}: {outcome.wrongs}")
            continue
        say(f"-- seed {outcome.seed}, shrunk: {outcome.wrongs}")
        tell(script, run, short=True)
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = options.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int)
    what.add_argument("--seeds", metavar="[FIRST:]LAST")
    what.add_argument("--exhaustive", action="store_true")
    options.add_argument("--mutant", choices=sorted(MUTANTS), default="")
    options.add_argument("--short", action="store_true", help="shrink the story first")
    options.add_argument("--dense", action="store_true")
    options.add_argument("--family", choices=sorted(FAMILIES), default="datecs_x")
    options.add_argument("--processes", type=int, default=os.cpu_count(), help="all cores")
    options.add_argument("--no-keyboard", dest="keyboard", action="store_false")
    return options


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
