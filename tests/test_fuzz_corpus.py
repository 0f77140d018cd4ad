"""What the fuzzers once found worth keeping is still read as it should be, without a fuzzer."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograd import grammar, vocabulary
from nn import ModelFileError, safetensors
from nn.model_file import decoded
from tests.fuzz import expressions, models

CORPUS = Path(__file__).parent / "fuzz" / "corpus"
EXPRESSIONS = sorted((CORPUS / "expression").iterdir())
MODELS = sorted((CORPUS / "model").iterdir())
SAVED = [
    *"checkpoint function image image-again layer mlp mlp-dropout own perceptron".split(),
    *"gpt language-parts".split(),
]
LARGEST = 2048  # bytes
MUTANTS = 300  # each is judged in half a millisecond


@pytest.mark.parametrize("path", EXPRESSIONS, ids=lambda path: path.name)
def test_an_expression_is_read_as_python_reads_it_or_refused_with_a_caret(path: Path) -> None:
    expressions.judge(path.read_bytes())


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_model_is_loaded_as_it_was_saved_or_refused_in_words(path: Path) -> None:
    models.judge(path.read_bytes())


def test_the_corpus_is_small() -> None:
    for path in [*EXPRESSIONS, *MODELS]:
        assert path.stat().st_size < LARGEST, path.name


# -- checks of the checks ------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "tight"), [("-", 5), ("*", 4), ("**", 5), ("|", 3), ("&", 2)])
def test_a_sign_that_binds_otherwise_is_noticed(
    monkeypatch: pytest.MonkeyPatch, sign: str, tight: int
) -> None:
    name = vocabulary.BINARY[sign][1]
    monkeypatch.setitem(vocabulary.BINARY, sign, (tight, name))
    assert any(is_misread(path) for path in EXPRESSIONS)


def test_a_number_that_is_read_too_short_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    short = re.compile(grammar.TOKEN.pattern.replace("[eE][+-]?[0-9]+", "[eE][+-]?[0-9]"))
    monkeypatch.setattr(grammar, "TOKEN", short)
    assert any(is_misread(path) for path in EXPRESSIONS)


def is_misread(path: Path) -> bool:
    try:
        expressions.judge(path.read_bytes())
    except (AssertionError, SyntaxError):
        return True
    return False


def test_a_number_that_is_loaded_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    doubles = safetensors.doubles
    monkeypatch.setattr(safetensors, "doubles", lambda content: [abs(x) for x in doubles(content)])
    with pytest.raises(AssertionError):
        [models.judge(path.read_bytes()) for path in MODELS]


def test_changed_files_get_past_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one byte more in the fuzzer's place, for what it would change."""
    fuzzer = SimpleNamespace(Mutate=lambda data, max_size: data[:max_size] + b"\0")
    monkeypatch.setitem(sys.modules, "atheris", fuzzer)
    ends: Counter[str] = Counter()
    for seed in range(MUTANTS):
        path = CORPUS / "model" / SAVED[seed % len(SAVED)]
        data = models.mutate(path.read_bytes(), models.LONGEST, seed)
        models.judge(data)
        ends[end_of(data)] += 1
    assert ends["loaded"] > MUTANTS / 20
    assert ends["its digest is not that of what it holds"] < MUTANTS / 10
    assert len(ends) > 10  # ways to be wrong


def end_of(data: bytes) -> str:
    try:
        decoded(data)
    except ModelFileError as error:
        return f"{error}".partition(":")[0]
    return "loaded"
