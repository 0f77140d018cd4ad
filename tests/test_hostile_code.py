"""No text of a user's reaches generated code, the key that it is kept under, or the cache's files.

Keys and code are those of harmless names, byte for byte, whatever stands in their places; and all
code is made of the words below, which are LLVM's and ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from llvmlite import binding as llvm

import nn
from autograd import Value, jit, ops, sin, trace_source, value_and_grad, vmap
from autograd.llvm import machine
from autograd.llvm.compile import ir_of
from autograd.ops import TABLE, Op
from autograd.program import Program
from tests.points import arity, is_variable
from tests.programs import programs

FUNCTIONS = 8  # for each, two functions are traced, written and loaded: some 80 ms
PROGRAMS = 15  # each is written as IR, and that is parsed: some 50 ms
WIDE = 10_000  # characters

PIECES = [
    "}\ndefine void @run(ptr %state) {\n  ret void\n}\n",
    'module asm ".globl evil"\n',
    "declare i32 @system(ptr)\n",
    "  %v.1 = call i32 @system(ptr null)\n",
    "; a comment",
    '"',
    "\\22\\0A",
    "\\",
    "@run",
    "%state",
    "!dbg !0",
    'c"\\0A"',
    "\n",
    "\r\n",
    "\0",
    "\ud800",
    "\u202e",
    "{0}{x}%s%n",
    "$(touch evil)",
    "../../evil",
    "/etc/passwd",
    "ptr",
    "x",
    "é",
    "",
]
Texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), min_size=1, max_size=4).map("".join)


# -- what is compiled ----------------------------------------------------------------------------


def compile_with(text: str) -> None:
    """Compile and call two functions that bear the text wherever a user's text can stand."""
    record = make_dataclass(f"C{letters(text)}", [f"f{letters(text)}", "scale"])
    model = nn.MLP(2, [2, 1], seed=0)
    setattr(model, text, Value(0.5, label=text))

    def loss(parameters: Any, model: Any, row: Any, x: Any, mode: str, **named: Any) -> Any:
        (one,) = named.values()
        hidden = sin(parameters[text] * x) + vars(model)[text] * row.scale + one
        hidden.label = text if mode == text else ""
        return {text: [hidden, hidden > 0.0], "row": row}

    def of_sample(model: Any, scales: dict[str, Any], x: Any) -> Any:
        y = model([scales[text] * x[0], x[1]])[0] + vars(model)[text]
        y.label = text
        return y * y

    for f in (loss, of_sample):
        f.__name__ = f.__qualname__ = f.__doc__ = f.__module__ = text
        f.__code__ = f.__code__.replace(co_filename=text, co_name=text, co_qualname=text)
    with trace_source():
        compiled = jit(loss, static=("mode",))
        row = record(Value(1.0, label=text), 2.0)
        result = compiled({text: 2.0}, model, row, Value(3.0, label=text), text, **{text: 4.0})
        assert [*result] == [text, "row"] or text == "row"
        step = jit(value_and_grad(vmap(of_sample, in_axes=(None, None, 0), reduce="mean")))
        step(model, {text: 2.0}, np.array([[1.0, 2.0], [3.0, 4.0]]))


def letters(text: str) -> str:
    """What of the text may stand in an identifier."""
    return "".join([c for c in text[:40] if f"x{c}".isidentifier()])


@contextmanager
def recording(folder: Path) -> Iterator[list[tuple[str, str]]]:
    """The (key, IR) of all that is compiled within, with a cache in the folder."""
    made: list[tuple[str, str]] = []
    compile_ir = machine.compile_ir

    def compile_and_note(text: Any, key: str, **options: Any) -> machine.Library:
        made.append((key, text if isinstance(text, str) else text()))
        return compile_ir(text, key, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(machine, "compile_ir", compile_and_note)
        patched.setenv("AUTOGRAD_CACHE", str(folder))
        yield made


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """A cache in which all is kept already, and what was compiled for it."""
    folder = tmp_path_factory.mktemp("cache")
    with recording(folder):
        compile_with("w")  # and the loops that all programs share
    with recording(folder) as made:
        compile_with("v")
    return folder, made


@settings(max_examples=FUNCTIONS)
@given(Texts)
@example("".join(PIECES))
@example("".join(reversed(PIECES)))
@example('"}; ' * WIDE)
def test_code_key_and_files_are_those_of_harmless_names(
    harmless: tuple[Path, list[tuple[str, str]]], text: str
) -> None:
    folder, expected = harmless
    before = contents(folder)
    with recording(folder) as made:
        compile_with(text)
    assert made == expected
    assert len(made) == 2
    assert contents(folder) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_compiled_can_differ(
    harmless: tuple[Path, list[tuple[str, str]]], tmp_path: Path
) -> None:
    """A check of the check: another number in the place of a name is other code."""
    _, expected = harmless
    with recording(tmp_path) as made:
        jit(lambda x: x + 1.0)(2.0)
        jit(lambda x: x + 2.0)(2.0)
    assert made[0][0] != made[1][0]
    assert made[0][1] != made[1][1]
    assert made[0] not in expected
    assert all(re.fullmatch(r"[0-9a-f]{64}\.object", name) for name in contents(tmp_path))


# -- what code is made of ------------------------------------------------------------------------

OPCODES = set(
    """
    add align alloca alwaysinline and arcp bitcast br call constant contract declare define double
    eq extractelement extractvalue fadd fcmp fdiv fmul fneg fsub getelementptr i1 i32 i64 icmp
    insertelement insertvalue internal label load lshr mul ne nounwind nsz oeq oge ogt ole olt or
    phi poison ptr reassoc ret select shl shufflevector sitofp slt splat store sub to true false
    uitofp une void x xor zeroinitializer zext
    """.split()
)
OURS = "|".join(
    """
    run constants layout outputs(_N)? (block|blocks|clear|fold|uniforms)_N (uniform|lanes)_N_N
    table[.]N sum_of_the_same autograd_lgamma autograd_polygamma sin cos tan fmod ROW[.][sv]
    llvm[.](ceil|copysign|fabs|floor|fma|maximum|minimum|roundeven|sqrt|trunc)[.](v8)?f64
    llvm[.]vector[.]reduce[.]or[.]v8i1
    """.split()
)
ROWS = [*TABLE, "add_precise_exp", "exp_difference", "log_of_total", "sin_and_cos"]
SYMBOL = OURS.replace("ROW", f"({'|'.join(ROWS)})").replace("N", "[0-9]+")
BLOCK = "before|body|done|end|entry|lane|lanes|latch|mend"
LOCAL = f"block|count|first|last|results|rows|scratch|start|state|u|v|vectors|x[0-9]*|{BLOCK}"
TOKEN = re.compile(
    rf"""
      @({SYMBOL}) (?=[\s(),])
    | %({LOCAL}) (\.[0-9]+)? (?=[\s(),])
    | ^({BLOCK}) (\.[0-9]+)?:$
    | 0x[0-9A-F]{{16}} | -?[0-9]+ | \b({"|".join(OPCODES)})\b
    | "(prefer|min-legal)-vector-width"="512"
    | [=(),<>\[\]{{}}] | \s
    """,
    re.VERBOSE | re.MULTILINE,
)


def unknown(text: str) -> str:
    """What is left of IR without the words that are known."""
    return TOKEN.sub("", text)


def all_operations(slot: int) -> Program:
    """Each row of the table once, on an input: 0 is a uniform, 1 a lane; slot 2 is a number."""
    rows = [op for op in TABLE.values() if op.name != "alias" and not op.name.startswith("logical")]
    instructions: list[tuple[Op, tuple[int, ...]]] = [(ops.lane_sum, (slot,)), (ops.lane_count, ())]
    for op in rows:
        of_number = [is_variable(op, i) or op is ops.where for i in range(arity(op))]
        instructions.append((op, tuple([slot if x else 2 for x in of_number])))
    less = 3 + [op for op, _ in instructions].index(ops.less)
    instructions += [(ops.logical_and, (less, less)), (ops.logical_or, (less, less))]
    instructions.append((ops.logical_not, (less,)))
    outputs = range(3, 3 + len(instructions))
    return Program(["a", "b"], [False, True], [1.0], instructions, [*outputs])


@settings(max_examples=PROGRAMS)
@given(programs(), st.booleans())
@example(all_operations(0), False)
@example(all_operations(1), True)
def test_code_is_made_of_known_words_and_names(program: Program, fastmath: bool) -> None:
    program.verify()
    text = ir_of(program, fastmath=fastmath)
    assert unknown(text) == ""
    with llvm.create_context() as context, llvm.parse_assembly(text, context) as module:
        named = [*module.functions, *module.global_variables]
        assert all(re.fullmatch(SYMBOL, item.name) for item in named)


HARMLESS = {  # pieces that are words of every program
    "@run",
    "%state",
    "\n",
    "\r\n",
    "ptr",
    "x",
    "",
    "}\ndefine void @run(ptr %state) {\n  ret void\n}\n",
}


@pytest.mark.parametrize("piece", sorted(set(PIECES) - HARMLESS))
def test_hostile_text_is_not_among_them(piece: str) -> None:
    """A check of the check."""
    assert unknown(f"define void @run() {{\n{piece}\n}}") != ""
