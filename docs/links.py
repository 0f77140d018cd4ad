"""Which names in a docstring are links: what is public, unless the docstring means its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from inspect import isclass, isfunction, signature

from docs import reference

PUBLIC = frozenset(reference.public())


def links_of(full_name: str, documented: object) -> Callable[[str], str]:
    """For the docstring of something: a backquoted name → the full name of what it links to, or "".

    A parameter of the function, and an attribute of the class, is not what has the same name
    elsewhere. The same package goes before the others.
    """
    package = full_name.partition(".")[0]
    own = _own_names(full_name, documented)

    def link(code: str) -> str:
        candidates = [code, f"{package}.{code}", f"autograd.{code}", f"autograd.testing.{code}"]
        public = [name for name in candidates if name in PUBLIC and name != full_name]
        return public[0] if public and code not in own else ""

    return link


def _own_names(full_name: str, documented: object) -> set[str]:
    above, _, _ = full_name.rpartition(".")
    owner = documented if isclass(documented) else _public(above)
    names = set(dir(owner)) if isclass(owner) else set()
    for function in (documented, getattr(owner, "__init__", None)):
        if isfunction(function):
            names.update(signature(function).parameters)
    return names


def _public(full_name: str) -> object:
    """What is public by that name, else None."""
    package, _, name = full_name.rpartition(".")
    return getattr(importlib.import_module(package), name) if full_name in PUBLIC else None
