"""``python -m benchmarks [P1 P2 ...] [--quick] [--precision]``, from the repository's root."""

import argparse
import math
from dataclasses import replace

from benchmarks import ensembles, machine, results, table, trajectories
from benchmarks.problems import CASES, MEMBERS
from benchmarks.trajectories import Effort, say

NAMES = (*CASES, "P5")


def main() -> None:
    """Measure the problems named, print the tables, write one file a problem."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="P1 ... P5; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, 50 members for P5")
    parser.add_argument("--precision", action="store_true", help="every tolerance of the ladder")
    options = parser.parse_args()
    names = options.problems or NAMES
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        parser.error(f"no problem {', '.join(unknown)}: the problems are {', '.join(NAMES)}")
    if options.quick:
        effort = Effort(longest=2.0, spare=0.0, budget=3.0, rounds=5)
    else:
        effort = Effort(longest=4.0, spare=0.8, budget=15.0, rounds=15)
    if options.precision:
        effort = replace(effort, spare=math.inf)

    facts = machine.facts()
    say(f"{facts['processor']}, {facts['cores']} cores; error = largest ||y - reference||")
    outcomes = []
    for name in names:
        if name == "P5":
            outcome = ensembles.compare(50 if options.quick else MEMBERS)
        else:
            outcome = trajectories.compare(name, effort)
        results.write(outcome, facts)
        print(table.report(outcome) + "\n", flush=True)
        outcomes.append(outcome)
    print(table.summary([c for outcome in outcomes for c in outcome.comparisons]))


if __name__ == "__main__":
    main()
