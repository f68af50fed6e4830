"""Errors: what other programs wrote is quoted as words, without what only a terminal could act on."""

import pytest

from perfgate.errors import PerfgateError, last_words

COLOURED = "\x1b[31mFAILED\x1b[0m test_shop.py::\x1b[1mtest_encode\x1b[0m\n\x1b[?25h\x1b[0m\n"


def test_the_last_words_of_a_coloured_output_are_its_words() -> None:
    """A line of nothing but colours holds no words, though there are digits in it."""
    assert last_words(COLOURED) == "its last output: FAILED test_shop.py::test_encode"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;31mred\x1b[m", "red"),
        ("\x1b[38;2;1;2;3mtrue colour\x1b[39m", "true colour"),
        ("\x1b]8;;http://127.0.0.1/\x1b\\a link\x1b]8;;\x07", "a link"),
        ("\x1b]0;a title\x07words", "words"),
        ("\x1b[2K\x1b[1Gprogress", "progress"),
        ("C:\\[1m is a path", "C:\\[1m is a path"),
    ],
)
def test_an_error_quotes_no_terminal_control(written: str, shown: str) -> None:
    """In none of its parts: a CI job makes other tools write colours into logs too."""
    error = PerfgateError(written, place=written, hint=written, output=written)
    assert (error.message, error.place, error.hint, error.output) == (shown, shown, shown, shown)
