"""The tables, 80 columns wide."""

from collections.abc import Sequence

from benchmarks.results import Comparison, Outcome, Row

WIDTH = 80


def summary(comparisons: Sequence[Comparison]) -> str:
    """Two lines a problem and target: the best stock peer, which the goal counts against, and the

    best peer with help that its users do not have.
    """
    lines = [
        f"{'problem':<9} {'best peer':<33} {'ms':>7} {'ours':>7} "
        f"{'ratio':>6} {'goal':>5} {'reached':>7}",
        "-" * WIDTH,
    ]
    for c in comparisons:
        lines.append(
            f"{c.problem + ' ' + c.target:<9} {_title(c.best_stock):<33} "
            f"{_ms(c.best_stock):>7} {_ms(c.ours):>7} "
            f"{_times(c.ratio):>6} {_times(c.goal):>5} {_word(c.reached):>7}"
        )
        lines.append(
            f"{'':<9} {_title(c.best_tuned):<33} "
            f"{_ms(c.best_tuned):>7} {'':>7} {_times(c.tuned_ratio):>6}"
        )
    return "\n".join(lines)


def report(outcome: Outcome) -> str:
    """One problem: how good its reference is, and all methods at every target."""
    lines = [
        f"{outcome.problem}: {outcome.title}",
        f"reference: {outcome.reference}; others differ from it by",
        *(f"  {difference:.0e}  {name}" for name, difference in outcome.differences.items()),
        *("\n" + details(comparison) for comparison in outcome.comparisons),
    ]
    return "\n".join(lines)


def details(comparison: Comparison) -> str:
    """All methods of one comparison, the fastest first, failures with their reasons last."""
    lines = [
        f"{comparison.problem} at {comparison.target}",
        f"  {'method':<34} {'ms':>7} {'rounds':>6} {'rtol':>8} {'error':>8} {'x ours':>8}",
    ]
    rows = sorted(comparison.rows, key=lambda r: (r.seconds is None, r.seconds or 0.0))
    for row in rows:
        if row.seconds is None:
            lines.append(f"  {row.title:<34} {row.failure}"[:WIDTH])
            continue
        slower = row.seconds / comparison.ours.seconds if comparison.ours.seconds else None
        lines.append(
            f"  {row.title:<34} {_ms(row):>7} {row.rounds:>6} {_power(row.rtol):>8} "
            f"{_power(row.error):>8} {_times(slower):>8}"
        )
    return "\n".join(lines)


def _title(row: Row | None) -> str:
    return row.title if row else "none"


def _ms(row: Row | None) -> str:
    if row is None:
        return "-"
    if row.seconds is None:
        return "failed"
    return f"{1e3 * row.seconds:.3g}" if row.seconds < 1 else f"{1e3 * row.seconds:,.0f}"


def _times(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}x" if value >= 100 or value == int(value) else f"{value:.3g}x"


def _power(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"


def _word(reached: bool | None) -> str:
    return "-" if reached is None else "yes" if reached else "NO"
