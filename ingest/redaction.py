"""Texts that are fit to be shown, logged and stored: without what opens doors, and without what works a terminal."""

from __future__ import annotations

import re

_USER = re.compile(r"(?<=://)[^/?#\s]*@")  # user and password; of several @ the last one ends them
_KEY = re.compile(
    r"([?&;][\w.-]*(?:key|token|secret|passw|pwd|signature|credential|auth)[\w.-]*=)[^&;#\s\"'<>]*", re.IGNORECASE
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed: ESC moves the cursor, writes titles


def redacted(text: str) -> str:
    """The text with `***` in place of user and password of its URLs, and of values that are keys by their name."""
    return printable(_KEY.sub(r"\1***", _USER.sub("***@", text)))


def printable(text: str) -> str:
    """The text with a mark in place of each control character, which a terminal would obey."""
    return _CONTROL.sub("\ufffd", text)
