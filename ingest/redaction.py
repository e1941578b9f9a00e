"""Secrets out of texts: what stands in a URL is shown, logged and stored without what opens doors."""

from __future__ import annotations

import re

_USER = re.compile(r"(?<=://)[^/?#\s]*@")  # user and password; of several @ the last one ends them
_KEY = re.compile(
    r"([?&;][\w.-]*(?:key|token|secret|passw|pwd|signature|credential|auth)[\w.-]*=)[^&;#\s\"'<>]*", re.IGNORECASE
)


def redacted(text: str) -> str:
    """The text with `***` in place of user and password of its URLs, and of values that are keys by their name."""
    return _KEY.sub(r"\1***", _USER.sub("***@", text))
