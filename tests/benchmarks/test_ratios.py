"""Ratios of interleaved rounds."""

import pytest
from benchmarks.ratios import Spread, figures, ratios, spread


def test_spread_is_median_and_range() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_ratios_pair_the_rounds() -> None:
    """A machine that slows down by half in the second round changes nothing."""
    assert ratios([2.0, 4.0], [1.0, 2.0]) == Spread(2.0, 2.0, 2.0)


def test_ratios_need_as_many_rounds_of_both() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.00645, "0.00645"), (0.27, "0.270"), (1.0, "1.00"), (12.34, "12.3"), (1234.6, "1235")],
)
def test_figures(value: float, text: str) -> None:
    assert figures(value) == text


def test_spread_reads_well() -> None:
    assert str(Spread(1.5, 1.25, 12.0)) == "1.50 (1.25–12.0)"
