"""Which environments exist, and what may run by itself in each. What is not declared here does not run."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """`unattended`: schedules and sensors start as running; otherwise they are there, switched off."""

    name: str
    unattended: bool


ENVIRONMENTS = {e.name: e for e in (Environment("dev", unattended=False), Environment("prod", unattended=True))}


def current() -> Environment:
    """The environment named by `A87_ENV` (default dev). Raises ValueError for one that is not declared."""
    name = os.environ.get("A87_ENV", "dev")
    if name not in ENVIRONMENTS:
        raise ValueError(f"A87_ENV={name!r} is not declared; choose one of {sorted(ENVIRONMENTS)}")
    return ENVIRONMENTS[name]
