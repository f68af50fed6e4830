"""What a comparison tells while it goes, on a terminal and in a log."""

import io

from perfgate.cli.comparing import ComparisonView


def test_a_message_of_several_lines_is_told_line_by_line_and_whole() -> None:
    """The last output of a command that failed is long: none of its lines is cut off for the length of all."""
    stream = io.StringIO()
    lines = ["the suite failed", *(f"  | line {number} {'-' * 200}" for number in range(10))]
    ComparisonView(stream).message("\n".join(lines))
    assert stream.getvalue().splitlines() == lines
