"""A mutant put into code that is loaded already: the changed functions get their new code objects.

That is the mutant itself as far as its line does not run while modules are loaded: every live
function of the old code is found, whoever holds it, and what the mutant changes is looked up anew
at each call. A constant of a module is set anew there and wherever it was imported by its name; no
other change of what runs once (a row of a table, a class, a default) can be put in.
"""

from __future__ import annotations

import ast
import gc
import sys
from collections import defaultdict
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

CONSTANTS = (bytes, dict, float, frozenset, int, list, set, str, tuple)
Name = tuple[object, ...]


class Loaded:
    """The functions of the files under a folder that are alive now, by file and code."""

    def __init__(self, root: str) -> None:
        self.functions: dict[str, dict[Name, list[FunctionType]]] = {}
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(root):
                by_name = self.functions.setdefault(thing.__code__.co_filename, defaultdict(list))
                by_name[_name(thing.__code__)].append(thing)

    def patch(self, file: str, old: str, new: str) -> bool:
        """Whether what differs between the texts could be put in."""
        before, after = _codes(old, file), _codes(new, file)
        if len(before) != len(after) or len({_name(code) for code in before}) != len(before):
            return False
        changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        if any(a.co_freevars != b.co_freevars for a, b in changed):
            return False
        for a, b in changed:
            for function in self.functions.get(file, {}).get(_name(a), ()):
                function.__code__ = b
        return bool(changed) or self._patch_constant(file, ast.parse(old), ast.parse(new))

    def _patch_constant(self, file: str, old: ast.Module, new: ast.Module) -> bool:
        pairs = zip(old.body, new.body, strict=True)
        changed = [b for a, b in pairs if ast.dump(a) != ast.dump(b)]
        modules = [m for m in list(sys.modules.values()) if isinstance(m, ModuleType)]
        owner = next((m for m in modules if getattr(m, "__file__", None) == file), None)
        if not owner or len(changed) != 1 or not isinstance(changed[0], ast.Assign):
            return False
        names = dict(vars(owner))
        exec(compile(ast.Module(changed, []), file, "exec"), names)
        differ = {n: v for n, v in names.items() if vars(owner).get(n) is not v and n[:2] != "__"}
        if not all(isinstance(vars(owner)[name], CONSTANTS) for name in differ):
            return False
        for name, value in differ.items():
            was = vars(owner)[name]
            for module in modules:
                if vars(module).get(name) is was:
                    setattr(module, name, value)
        return True


def _codes(text: str, file: str) -> list[CodeType]:
    """Of every function of a file, in the order of the text; not of the module or a class."""
    return [code for code in _inside(compile(text, file, "exec")) if code.co_flags & 2]


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)


def _name(code: CodeType) -> Name:
    """What tells a function from the others of its file, two lambdas of one line too."""
    return code.co_qualname, code.co_firstlineno, tuple(code.co_positions())
