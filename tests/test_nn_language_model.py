"""A GPT of single scalars: its parts, its loss, its two ways of learning, and what it writes.

The judge is the same model in NumPy, on matrices: another way to write it, and other code.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

import nn
from autograd import Value, jit, topological_order, value_and_grad
from autograd.testing import check_grads
from nn.compiled_texts import CompiledTexts
from nn.gpt import main
from nn.text_program import mean_loss
from nn.text_steps import EagerTexts
from tests.benchmarks import language_model, scalar_gpt
from tests.interruption import count_points, interrupted_at

ROOT = Path(__file__).resolve().parents[1]
ROUNDING = 1e-13  # relative to numbers of about 1: sums of at most 64 terms in another order
STEP = np.finfo(float).eps ** (1 / 3)  # of central differences
DIFFERENCE = 1e-8  # of such a difference of a loss of about 1, whose third derivative is as small
EPSILON = 1e-5  # RMSNorm's own
TRAINING = "text_training text_steps compiled_texts column_steps optimizers writing".split()
INTERRUPTED = 40  # points of a training at which Ctrl-C comes, of some hundreds
NAMES = [nn.names.encoded(name) for name in nn.names.load()]


def matrix(layer) -> np.ndarray:
    return np.array([[w.data for w in row] for row in layer.weights])


def numbers(values) -> np.ndarray:
    return np.array([[x.data if isinstance(x, Value) else x for x in row] for row in values])


# -- the same in NumPy ---------------------------------------------------------------------------


def normalized(x):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + EPSILON)


def softmaxed(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attended(attention, x):
    """All positions and heads at once, as it is written for arrays."""
    count, width = x.shape
    split = (count, attention.heads, width // attention.heads)
    q, k, v = (
        (x @ matrix(m).T).reshape(split) for m in (attention.query, attention.key, attention.value)
    )
    scores = np.einsum("ihd,jhd->hij", q, k) / math.sqrt(split[2])
    scores[:, np.triu(np.ones((count, count), bool), 1)] = -np.inf
    mixed = np.einsum("hij,jhd->ihd", softmaxed(scores), v).reshape(count, width)
    return mixed @ matrix(attention.output).T


def logits_of(model, tokens):
    places = matrix(model.position_embedding)[: len(tokens)]
    x = normalized(matrix(model.token_embedding)[list(tokens)] + places)
    for block in model.blocks:
        x = x + attended(block.attention, normalized(x))
        hidden = np.maximum(normalized(x) @ matrix(block.widen).T, 0.0)
        x = x + hidden @ matrix(block.narrow).T
    return x @ matrix(model.head).T


def loss_of(model, text):
    shares = softmaxed(logits_of(model, text[:-1]))
    return -np.log(shares[np.arange(len(text) - 1), text[1:]]).mean()


def small(layers=1, seed=0, deviation=0.5):
    """A model in which nothing is small: neither the scores nor what the units give."""

    def draw(rng, fan_in, fan_out):
        return rng.gauss(0.0, deviation)

    return nn.GPT(5, 4, width=4, heads=2, layers=layers, initialization=draw, seed=seed)


# -- the parts -----------------------------------------------------------------------------------


def test_a_linear_map_is_a_product_with_its_matrix():
    layer, x = nn.Linear(3, 2, seed=0), [0.5, -2.0, 3.0]
    assert np.allclose([y.data for y in layer(x)], matrix(layer) @ x, rtol=0, atol=ROUNDING)
    assert [y.op.name for y in layer(x)] == ["dot", "dot"]
    assert repr(layer) == "Linear(3 → 2) with 6 parameters"
    with pytest.raises(ValueError, match="takes 3 inputs, but was given 2"):
        layer(x[:2])


def test_an_embedding_gives_the_parameters_of_the_row_and_the_others_no_gradient():
    table = nn.Embedding(4, 3, seed=0)
    assert table(2) == list(table.weights[2])
    (table(2)[1] * 5.0 + table(0)[1]).backward()
    expected = np.zeros((4, 3))
    expected[2, 1], expected[0, 1] = 5.0, 1.0
    assert [[w.grad for w in row] for row in table.weights] == expected.tolist()


def test_the_rows_of_an_embedding_begin_with_the_standard_normal_distribution():
    numbers = [p.data for p in nn.Embedding(100, 100, seed=0).parameters()]
    assert statistics.mean(numbers) == pytest.approx(0.0, abs=0.04)  # four standard errors
    assert statistics.stdev(numbers) == pytest.approx(1.0, abs=0.03)


def test_the_token_of_an_embedding_may_be_an_input_of_a_program():
    table = nn.Embedding(4, 2, seed=0)
    looked_up = jit(lambda table, token: table(token))
    for token in range(4):
        assert looked_up(table, float(token)) == [w.data for w in table.weights[token]]
    for token in (4.0, 0.5):
        with pytest.raises(IndexError, match="no whole number in the range"):
            looked_up(table, token)
    for token, error in ((4.0, IndexError), (-1.0, IndexError), (0.5, TypeError)):
        with pytest.raises(error, match="index"):
            table(Value(token))


@pytest.mark.parametrize(
    ("token", "error", "message"),
    [
        (4, ValueError, r"Embedding\(4 × 2\) takes tokens from 0 to 3, not 4"),
        (-1, ValueError, "at least 0, not -1"),
        (1.0, TypeError, "a whole number"),
        (True, TypeError, "a whole number"),
        ("a", TypeError, "a whole number"),
    ],
)
def test_an_embedding_refuses(token, error, message):
    with pytest.raises(error, match=message):
        nn.Embedding(4, 2)(token)


def test_rms_norm_gives_numbers_whose_mean_square_is_one():
    x = [3.0, -4.0, 0.5]
    y = nn.RMSNorm()(x)
    assert np.allclose(y, normalized(np.array(x)), rtol=0, atol=ROUNDING)
    assert math.isclose(np.square(nn.RMSNorm(epsilon=1e-300)(x)).mean(), 1.0, rel_tol=ROUNDING)
    check_grads(nn.RMSNorm(), (x,), order=2)
    assert nn.RMSNorm().parameters() == []


def test_rms_norm_of_zeros_is_zeros_with_finite_slopes():
    x = [Value(0.0), Value(0.0)]
    y = nn.RMSNorm()(x)
    y[0].backward()
    assert [a.data for a in y] == [0.0, 0.0]
    assert math.isclose(x[0].grad, EPSILON**-0.5, rel_tol=ROUNDING)
    with pytest.raises(ValueError, match="at least one number"):
        nn.RMSNorm()([])
    with pytest.raises(ValueError, match="above 0"):
        nn.RMSNorm(epsilon=0.0)
    with pytest.raises(TypeError):
        nn.RMSNorm(16)  # elsewhere that is the width
    with pytest.raises(
        TypeError, match=r"RMSNorm\(epsilon 1e-05\) takes a list of numbers, not int 3"
    ):
        nn.RMSNorm()(3)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_is_that_of_arrays(heads):
    attention = nn.CausalSelfAttention(4, heads, initialization="he_normal", seed=0)
    rng = Random(1)
    xs = [[rng.gauss(0.0, 2.0) for _ in range(4)] for _ in range(5)]
    expected = attended(attention, np.array(xs))
    assert np.allclose(numbers(attention(xs)), expected, rtol=0, atol=10 * ROUNDING)


def test_attention_has_the_derivatives_of_finite_differences():
    attention = nn.CausalSelfAttention(2, 2, seed=0)
    xs = [[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]]
    check_grads(lambda attention, xs: attention(xs)[2], (attention, xs), order=1)


def test_what_comes_later_changes_nothing_and_has_no_gradient():
    model, text = small(), [4, 0, 3, 2]
    logits = model(text)
    assert numbers(logits[:2]).tolist() == numbers(model([4, 0, 1, 1])[:2]).tolist()
    reached = {id(node) for node in topological_order(*logits[1])}
    assert not reached & {id(w) for w in model.token_embedding.weights[3]}
    assert reached & {id(w) for w in model.token_embedding.weights[4]}


def test_heads_share_the_width():
    with pytest.raises(ValueError, match="3 do not divide 16"):
        nn.CausalSelfAttention(16, 3)


def test_attention_refuses_what_are_no_vectors_no_memory_and_a_mask_of_another_length():
    attention, x = nn.CausalSelfAttention(4, 2, seed=0), [1.0, 0.0, 0.0, 0.0]
    memory = [attention.offered(x)] * 2
    for call, error, message in (
        (lambda: attention(3), TypeError, "takes a list of vectors of 4 numbers, not int 3"),
        (lambda: attention([3]), TypeError, "takes a list of 4 numbers, not int 3"),
        (lambda: attention.attend(x, []), ValueError, "positions in a memory, not to none"),
        (lambda: attention.attend(x, memory, [0.0]), ValueError, "the 2 positions .* not 1"),
        (lambda: attention.attend(x, memory, 0.0), TypeError, "2 numbers as a mask, not float 0.0"),
    ):
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": 0},
        {"positions": 0.5},
        {"width": 0},
        {"heads": 3},
        {"layers": 0},
        {"initialization": ""},
        {"initialization": None},
        {"initialization": "he"},
    ],
    ids=str,
)
def test_a_model_that_cannot_be_built_draws_nothing(wrong):
    rng = Random(0)
    with pytest.raises((TypeError, ValueError)):
        nn.GPT(**wrong, rng=rng)
    assert rng.getstate() == Random(0).getstate()


def test_a_model_begins_as_the_initialisation_of_that_name_draws():
    model = nn.GPT(3, 2, 2, 1, initialization="he_normal", seed=0)
    first = nn.he_normal(Random(0), 3, 2)
    assert model.token_embedding.weights[0][0].data == first


# -- the model -----------------------------------------------------------------------------------


def test_it_has_4192_parameters_each_with_a_name():
    model = nn.GPT(seed=0)
    names = model.named_parameters()
    assert len(names) == 27 * 16 + 16 * 16 + 4 * 16 * 16 + 2 * 64 * 16 + 27 * 16 == 4192
    assert {name.split(".weights")[0] for name in names} == {
        "token_embedding",
        "position_embedding",
        *(f"blocks.0.attention.{name}" for name in ("query", "key", "value", "output")),
        "blocks.0.widen",
        "blocks.0.narrow",
        "head",
    }


@pytest.mark.parametrize("layers", [1, 2])
def test_its_logits_and_its_loss_are_those_of_arrays(layers):
    model = small(layers)
    for text in ([4, 4], [4, 0, 1, 2, 4], [0, 0, 0]):
        expected = logits_of(model, text[:-1])
        assert np.allclose(numbers(model(text[:-1])), expected, rtol=0, atol=100 * ROUNDING)
        loss = nn.next_token_loss(model, text).data
        assert math.isclose(loss, loss_of(model, text), rel_tol=100 * ROUNDING)


def test_its_gradient_is_that_of_differences_of_the_loss_of_arrays():
    model, text = small(), [4, 0, 1, 4]
    nn.next_token_loss(model, text).backward()
    for name, p in model.named_parameters().items():
        middle, ends = p.data, []
        for moved in (middle - STEP, middle + STEP):
            p.data = moved
            ends.append(loss_of(model, text))
        p.data = middle
        assert abs((ends[1] - ends[0]) / (2 * STEP) - p.grad) <= DIFFERENCE, name


def test_in_plain_scalars_with_a_value_of_their_own_it_is_the_same():
    model, text = nn.GPT(seed=3), nn.names.encoded("ida")
    nn.next_token_loss(model, text).backward()
    matrices = scalar_gpt.parameters(scalar_gpt.ScalarValue, [p.data for p in model.parameters()])
    loss = scalar_gpt.loss(matrices, text)
    loss.backward()
    assert math.isclose(loss.data, loss_of(model, text), rel_tol=100 * ROUNDING)
    slopes = [x.grad for rows in matrices.values() for row in rows for x in row]
    gradient = [p.grad for p in model.parameters()]
    assert np.allclose(slopes, gradient, rtol=0, atol=100 * ROUNDING)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ([4], ValueError, "2 to 5 tokens"),
        ([], ValueError, "2 to 5 tokens"),
        ([4, 0, 0, 0, 0, 4], ValueError, "2 to 5 tokens, with what begins and ends it, not 6"),
        ([4, 5], ValueError, "tokens from 0 to 4, not 5"),
        ([4, -1], ValueError, "not -1"),
        ([4, 0.5], TypeError, "a whole number"),
        ("anna", TypeError, "a text is a list or an array of tokens, not str 'anna'"),
        (7, TypeError, "a text is a list or an array of tokens, not int 7"),
    ],
)
def test_a_text_that_it_cannot_read_is_refused(text, error, message):
    model = small()
    with pytest.raises(error, match=message):
        nn.next_token_loss(model, text)
    with pytest.raises(error, match=message):
        nn.fit_texts(model, [[4, 0, 4], text], steps=1, eager=True)


def test_a_call_refuses_no_tokens_and_too_many():
    for tokens in ([], [0] * 5):
        with pytest.raises(ValueError, match=f"reads 1 to 4 tokens, not {len(tokens)}"):
            small()(tokens)
    with pytest.raises(TypeError, match="takes a list of tokens, not int 5"):
        small()(5)


def test_the_loss_of_another_model_is_refused():
    for model in (5, nn.MLP(2, [1])):
        with pytest.raises(TypeError, match=r"next_token_loss is that of an nn\.GPT, not of"):
            nn.next_token_loss(model, [1, 2])


# -- compiled ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taught():
    """A model after 1,000 steps, their losses, and a model as it began."""
    model = nn.GPT(seed=0)
    return model, nn.fit_texts(model, NAMES, steps=1000, seed=0), nn.GPT(seed=0)


def test_1000_steps_bring_the_loss_of_names_below_2_7(taught):
    _, losses, _ = taught
    assert len(losses) == 1000
    assert abs(losses[0] - math.log(27)) < 0.3  # it knows nothing
    assert sum(losses[-200:]) / 200 < 2.6  # letters by their shares alone would cost 2.8


def test_what_was_taught_finds_names_likelier_than_their_letters_in_another_order(taught):
    model, rng = taught[0], Random(0)
    for name in ("maria", "christian", "elena"):
        letters = nn.names.encoded(name)[1:-1]
        others = [[26, *rng.sample(letters, len(letters)), 26] for _ in range(20)]
        mean = sum(loss_of(model, text) for text in others) / len(others)
        assert loss_of(model, nn.names.encoded(name)) < mean


def test_compiled_losses_and_gradients_are_the_eager_ones_by_one_program_for_all_lengths(taught):
    model = taught[0]
    compiled = jit(value_and_grad(mean_loss))
    parameters = model.parameters()
    for name in ("a", "anna", "alexandra", "a" * 15):
        text = nn.names.encoded(name)
        arrays = [np.array(x, dtype=float) for x in (text[:-1], text[1:], range(len(text) - 1))]
        bound = compiled.bind(model, *arrays)
        bound()
        model.zero_grad()
        loss = nn.next_token_loss(model, text)
        loss.backward()
        assert math.isclose(bound.value, loss.data, rel_tol=100 * ROUNDING)
        gradient = [p.grad for p in parameters]
        assert np.allclose(bound.gradient, gradient, rtol=0, atol=100 * ROUNDING)
    assert repr(compiled).endswith("for 1 structures of arguments>")


def test_compiled_and_eager_training_go_the_same_way():
    texts = [[2, 0, 1, 2], [2, 1, 2], [2, 2]]
    ways = []
    for eager in (False, True):
        model = nn.GPT(3, 3, width=2, heads=2, layers=2, initialization="he_normal", seed=0)
        losses = nn.fit_texts(model, texts, steps=12, seed=1, eager=eager)
        ways.append((losses, [p.data for p in model.parameters()], model.blocks[1].widen))
    (fast, p, one), (slow, q, other) = ways
    # Adam divides by √v, which multiplies a difference where a gradient is nearly 0
    assert np.allclose(fast, slow, rtol=0, atol=1e-9)
    assert np.allclose(p, q, rtol=0, atol=1e-7)
    assert np.allclose(
        [w.grad for row in one.weights for w in row],
        [w.grad for row in other.weights for w in row],
        rtol=0,
        atol=1e-7,
    )


class Stopped(Exception):
    pass


@pytest.fixture
def one_program(monkeypatch):
    """The program of the gradient is one for all trainings, so that it is traced once."""
    gradient = jit(value_and_grad(mean_loss))
    monkeypatch.setattr("nn.compiled_texts.jit", lambda f: gradient)


def state(model):
    """The numbers and the gradients of a model, as text: so nan is itself."""
    return str([(p.data, p.grad) for p in model.parameters()])


def tiny(deviation=0.5):
    return nn.GPT(2, 3, 2, 1, initialization=lambda rng, *_: rng.gauss(0.0, deviation), seed=0)


TINY_TEXTS = [[1, 0, 1], [1, 0, 0, 1]]


@pytest.mark.usefixtures("one_program")
@pytest.mark.parametrize("eager", [False, True])
def test_whatever_ends_it_the_model_is_that_of_the_last_completed_step(eager):
    optimizer = nn.Adam(0.01)

    def stop(step, loss):
        if step == 3:
            raise Stopped

    stopped, whole = tiny(), tiny()
    with pytest.raises(Stopped):
        nn.fit_texts(stopped, TINY_TEXTS, optimizer=optimizer, report=stop, seed=0, eager=eager)
    nn.fit_texts(whole, TINY_TEXTS, steps=3, optimizer=optimizer, seed=0, eager=eager)
    assert state(stopped) == state(whole) != state(tiny())


@pytest.mark.usefixtures("one_program")
@pytest.mark.parametrize("eager", [False, True])
def test_report_sees_the_model_of_its_step_and_the_mean_loss_since_the_call_before(eager):
    seen, model, optimizer = [], tiny(), nn.SGD(0.1)
    how = {"optimizer": optimizer, "seed": 0, "eager": eager}

    def after(steps):
        other = tiny()
        nn.fit_texts(other, TINY_TEXTS, steps=steps, **how)
        return state(other)

    def report(step, loss):
        seen.append((step, loss, state(model)))

    losses = nn.fit_texts(model, TINY_TEXTS, steps=5, report=report, report_every=2, **how)
    assert seen == [(n, sum(losses[n - 2 : n]) / 2, after(n)) for n in (2, 4)]
    assert state(model) == after(5)


@pytest.mark.usefixtures("one_program")
@pytest.mark.parametrize("eager", [False, True])
def test_training_goes_on_from_what_report_makes_of_the_model(eager):
    how = {"optimizer": nn.SGD(0.1), "eager": eager}

    def change(model):
        model.head.weights[1][0].data += 1.0

    changed, model = tiny(), tiny()
    nn.fit_texts(changed, TINY_TEXTS[:1], steps=2, **how)
    change(changed)
    last = nn.fit_texts(changed, TINY_TEXTS[:1], steps=1, **how)

    def report(step, loss):
        if step == 2:
            change(model)

    losses = nn.fit_texts(model, TINY_TEXTS[:1], steps=3, report=report, **how)
    assert losses[2:] == last
    assert state(model) == state(changed)


@pytest.mark.usefixtures("one_program")
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize(
    ("name", "number", "rate", "message"),
    [
        ("head.weights.0.1", math.nan, 0.1, r"head.weights.0.1 is nan before step 1.* its .data"),
        ("head.weights.0.1", math.inf, 0.1, r"head.weights.0.1 is inf before step 1"),
        ("position_embedding.weights.2.1", math.nan, 0.1, r"weights.2.1 is nan before step 1"),
        (
            "head.weights.0.0",
            1.7e308,
            0.1,
            r"the loss of the text \[1, 0, 1\] is (inf|nan) at step 1",
        ),
        ("head.weights.0.0", 3.0, 1.7e308, r"would make the parameter .* -?inf"),
    ],
)
def test_what_is_not_finite_is_refused_by_its_name_and_changes_nothing(
    name, number, rate, message, eager
):
    model = tiny(deviation=2.0)
    for p in model.parameters():
        p.grad = 7.0
    model.named_parameters()[name].data = number
    before = state(model)
    with pytest.raises(FloatingPointError, match=message):
        nn.fit_texts(model, TINY_TEXTS[:1], steps=1, optimizer=nn.SGD(rate), eager=eager)
    assert state(model) == before


@pytest.mark.usefixtures("one_program")
@pytest.mark.parametrize("eager", [False, True])
def test_wherever_ctrl_c_comes_the_model_is_that_of_a_completed_step(eager):
    files = tuple([f"nn/{name}.py" for name in TRAINING])

    def train(model, steps=3):
        nn.fit_texts(model, TINY_TEXTS, steps=steps, optimizer=nn.SGD(0.1), seed=0, eager=eager)

    completed = [state(tiny())]
    for steps in (1, 2, 3):
        train(model := tiny(), steps)
        completed.append(state(model))
    model = tiny()
    points = count_points(lambda: train(model), files)
    found = set()
    for point in range(1, points + 1, max(1, points // INTERRUPTED)):
        model = tiny()
        assert interrupted_at(point, lambda model=model: train(model), files)
        assert state(model) in completed
        found.add(completed.index(state(model)))
    assert found >= {0, 1, 2}


OWN = {
    "GPT": ("__call__", "read", "embedded", "empty_memories"),
    "Block": ("__call__", "offered"),
    "CausalSelfAttention": ("offered", "attend"),
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in OWN.items() for name in names]
)
def test_a_part_that_computes_in_a_way_of_its_own_is_trained_eagerly_only(kind, name):
    model = tiny()
    [part] = [m for m in model.modules() if type(m).__name__ == kind]
    inherited, calls = getattr(type(part), name), []

    def own(self, *given):
        calls.append(name)
        return inherited(self, *given)

    part.__class__ = type("Own", (type(part),), {name: own})
    with pytest.raises(TypeError, match=f"Own has a {name} of its own, .* with eager=True"):
        nn.fit_texts(model, TINY_TEXTS, steps=1)
    assert state(model) == state(tiny())
    nn.fit_texts(model, TINY_TEXTS, steps=1, eager=True)
    assert calls


@pytest.mark.usefixtures("one_program")
def test_a_method_put_into_a_model_is_refused_as_well_and_a_class_that_changes_nothing_is_not():
    model = tiny()
    model.read = lambda token, memories: [0.0, 0.0]
    with pytest.raises(TypeError, match="GPT has a read of its own"):
        nn.fit_texts(model, TINY_TEXTS, steps=1)
    model = tiny()
    model.__class__ = type("Named", (nn.GPT,), {})
    assert len(nn.fit_texts(model, TINY_TEXTS, steps=1)) == 1


def test_each_pass_takes_every_text_once():
    taken = []

    class Counted(CompiledTexts):
        def __init__(self, model, optimizer):
            pass

        def step(self, text):
            taken.append(tuple(text))
            return 1.0

        def push(self):
            pass

        pull = push

    texts = [[4, i, 4] for i in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nn.compiled_texts.CompiledTexts", Counted)
        nn.fit_texts(small(), texts, steps=12, seed=0)
    assert all(Counter(taken[i : i + 4]) == Counter(map(tuple, texts)) for i in (0, 4, 8))
    assert taken[:4] != taken[4:8] or taken[4:8] != taken[8:]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": nn.MLP(2, [1])}, TypeError, "trains an nn.GPT, not MLP"),
        ({"texts": []}, ValueError, "texts is empty"),
        ({"texts": iter([])}, TypeError, "texts is a list or an array of texts"),
        ({"steps": 0}, ValueError, "steps is a whole number, at least 1"),
        ({"report_every": 0}, ValueError, "report_every is a whole number, at least 1"),
        ({"report": 5}, TypeError, "report is a function of a step and its loss, not int 5"),
        ({"optimizer": nn.Adam}, TypeError, r"optimizer is one such as nn.Adam\(1e-2\), not type"),
        ({"optimizer": 0}, TypeError, "not int 0"),
        ({"eager": 1}, TypeError, "eager is True or False, not int 1"),
        ({"seed": 0, "rng": Random(0)}, ValueError, "a seed or an rng"),
    ],
)
def test_fit_texts_refuses(change, error, message):
    arguments = {"model": small(), "texts": [[4, 4]], **change}
    with pytest.raises(error, match=message):
        nn.fit_texts(**arguments)


# -- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1e-6, 1e-300, 5e-324])
def test_at_a_low_temperature_it_writes_what_is_most_likely(taught, temperature):
    model = taught[0]
    [written] = nn.generate(model, start=26, temperature=temperature, seed=0)
    for i, token in enumerate([*written, 26][: model.positions]):
        assert logits_of(model, [26, *written[:i]])[-1].argmax() == token


def test_tokens_come_as_often_as_their_softmax_says():
    rng, n, temperature = Random(0), 1500, 1.7
    model = nn.GPT(
        4, 1, 2, 1, initialization=lambda rng, fan_in, fan_out: rng.gauss(0.0, 1.0), rng=rng
    )
    shares = softmaxed(logits_of(model, [3])[0] / temperature)
    texts = nn.generate(model, n, start=3, temperature=temperature, rng=rng)
    counts = Counter(text[0] if text else 3 for text in texts)
    for token, share in enumerate(shares):
        stray = 5 * math.sqrt(share * (1 - share) / n)  # five deviations
        assert abs(counts[token] / n - share) <= stray


def test_the_same_seed_writes_the_same_and_no_text_is_longer_than_the_positions():
    model = small()
    texts = nn.generate(model, 50, start=4, seed=3)
    assert texts == nn.generate(model, 50, start=4, seed=3) != nn.generate(model, 50, start=4)
    assert {len(text) for text in texts} <= set(range(5))
    assert max(map(len, texts)) == 4
    assert all(4 not in text for text in texts)


def test_a_text_ends_at_stop_which_need_not_be_what_it_starts_with():
    texts = nn.generate(small(), 50, start=4, stop=2, seed=3)
    assert all(2 not in text for text in texts)
    assert any(4 in text for text in texts)
    assert len({len(text) for text in texts}) > 1
    tokens = [row for text in texts for row in text]
    assert set(tokens) == {0, 1, 3, 4}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": 5}, "tokens from 0 to 4, not 5"),
        ({"stop": 9}, "tokens from 0 to 4, not 9"),
        ({"temperature": 0.0}, "temperature is a number above 0"),
        ({"count": -1}, "count is a whole number"),
    ],
)
def test_generate_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        nn.generate(small(), **{"start": 4, **change})


def test_generate_refuses_another_model_and_names_what_is_not_finite():
    with pytest.raises(TypeError, match=r"writes with an nn\.GPT, not MLP"):
        nn.generate(nn.MLP(2, [1]), start=0)
    model, rng = tiny(), Random(0)
    weight = model.head.weights[0][1]
    for number in (math.nan, math.inf):
        weight.data = number
        with pytest.raises(FloatingPointError, match=f"head.weights.0.1 is {number}, .* its .data"):
            nn.generate(model, start=1, rng=rng)
    weight.data = 1.7e308
    model.token_embedding.weights[1][1].data = 9.0
    with pytest.raises(FloatingPointError, match=r"logits are .*inf.* finite but too large"):
        nn.generate(model, start=1, rng=rng)
    assert rng.getstate() == Random(0).getstate()


# -- names ---------------------------------------------------------------------------------------


def test_the_names_are_sorted_each_there_once_and_short_enough_for_the_model():
    names = nn.names.load()
    assert names == sorted(set(names))
    assert len(names) > 2000
    longest = nn.GPT(seed=0).positions - 1
    assert all(2 <= len(name) <= longest for name in names)


def test_a_name_and_its_tokens_are_the_same_thing():
    for name, text in zip(nn.names.load(), NAMES, strict=True):
        assert nn.names.decoded(text) == name
        assert text[0] == text[-1] == nn.names.BOUNDARY == nn.names.TOKENS - 1
    for name in ("", "Anna", "zoë", "a b"):
        with pytest.raises(ValueError, match="letters from a to z"):
            nn.names.encoded(name)
    with pytest.raises(TypeError, match="a name is a string"):
        nn.names.encoded(["ab"])


@pytest.mark.parametrize(
    ("token", "error"), [(-1, ValueError), (27, ValueError), (30, ValueError), (0.5, TypeError)]
)
def test_a_token_of_no_letter_is_refused(token, error):
    with pytest.raises(error, match="token"):
        nn.names.decoded([26, token, 26])


# -- saving --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    [
        small(layers=2),
        nn.Embedding(3, 2, seed=0),
        nn.CausalSelfAttention(4, 2, seed=0),
        nn.Sequential(nn.Linear(3, 2, seed=0), nn.RMSNorm(epsilon=1e-6), nn.Linear(2, 2, seed=0)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_a_saved_module_comes_back_as_it_was(module, tmp_path):
    nn.save(module, tmp_path / "m.safetensors")
    loaded = nn.load(tmp_path / "m.safetensors")
    assert repr(loaded) == repr(module)
    there, here = loaded.named_parameters(), module.named_parameters()
    assert {n: p.data for n, p in there.items()} == {n: p.data for n, p in here.items()}


def test_its_tensors_have_the_names_and_shapes_that_other_libraries_give_them(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    model = small()
    nn.save(model, tmp_path / "m.safetensors")
    tensors = safetensors.load_file(tmp_path / "m.safetensors")
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        "token_embedding.weight": (5, 4),
        "position_embedding.weight": (4, 4),
        **{f"blocks.0.attention.{m}.weight": (4, 4) for m in ("query", "key", "value", "output")},
        "blocks.0.widen.weight": (16, 4),
        "blocks.0.narrow.weight": (4, 16),
        "head.weight": (5, 4),
    }
    assert np.array_equal(tensors["blocks.0.widen.weight"], matrix(model.blocks[0].widen))


# -- the schedule --------------------------------------------------------------------------------


def test_a_linear_decay_ends_at_zero_and_stays_there():
    schedule = nn.LinearDecay(0.5, steps=10)
    rates = [schedule(t) for t in range(1, 14)]
    assert np.allclose(rates[:11], np.linspace(0.5, 0.0, 11), rtol=0, atol=ROUNDING)
    assert rates[10:] == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="above 0"):
        nn.LinearDecay(0.0, 10)


def test_a_step_asks_the_schedule_once_and_moves_as_if_the_rate_were_that_number():
    asked = []

    def schedule(t):
        asked.append(t)
        return 0.25

    moved, expected = ([Value(1.0), Value(-2.0)] for _ in range(2))
    for parameters, rate in ((moved, schedule), (expected, 0.25)):
        optimizer = nn.Adam(rate)
        state = optimizer.init(parameters)
        for p in parameters:
            p.grad = 3.0
        optimizer.step(parameters, state)
    assert [p.data for p in moved] == [p.data for p in expected]
    assert asked == [1]


# -- the command ---------------------------------------------------------------------------------


def test_the_command_trains_writes_names_and_saves(tmp_path, capsys):
    file = tmp_path / "gpt.safetensors"
    arguments = ["--steps", "2", "--eager", "--samples", "3", "--seed", "1", "--save", str(file)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("GPT(27 tokens, 16 positions, width 16, 4 heads, 1 layer)")
    assert [line.split()[:3] for line in lines[1:3]] == [["step", str(i), "loss"] for i in (1, 2)]
    assert lines[4] == f"saved to {file}"  # before anything else could go wrong
    assert all(set(name) <= set(nn.names.LETTERS) for name in lines[5:])
    assert len(lines[5:]) == 3
    assert isinstance(nn.load(file), nn.GPT)
    assert main(arguments) == 0
    again = capsys.readouterr().out.splitlines()
    assert again[:3] + again[4:] == lines[:3] + lines[4:]  # all but the seconds


def test_the_command_refuses_what_cannot_be_a_file_before_it_trains(tmp_path, capsys):
    for path, message in (
        (str(tmp_path / "none" / "m.safetensors"), "there is no folder"),
        (str(tmp_path), "that is a folder"),
        ("", "that is a folder"),
    ):
        assert main(["--save", path]) == 1
        said = capsys.readouterr()
        assert message in said.err
        assert said.out == ""


@pytest.mark.parametrize("completed", [0, 1])
def test_ctrl_c_ends_the_command_and_saves_the_last_completed_step_if_there_is_one(
    completed, tmp_path, capsys, monkeypatch
):
    file, taken, step = tmp_path / "gpt.safetensors", [], EagerTexts.step
    file.write_bytes(b"older")

    def stopped(self, text):
        if len(taken) == completed:
            raise KeyboardInterrupt
        loss = step(self, text)
        taken.append([p.data for p in self._parameters])
        return loss

    monkeypatch.setattr(EagerTexts, "step", stopped)
    assert main(["--eager", "--steps", "9", "--save", str(file)]) == 130
    said = capsys.readouterr()
    assert said.err == "python -m nn.gpt: interrupted\n"
    if completed:
        assert said.out.endswith(f"last completed step is saved to {file}\n")
        assert [[p.data for p in nn.load(file).parameters()]] == taken
    else:
        assert file.read_bytes() == b"older"


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--steps", "0"], ["--steps", "x"], ["--samples", "1.5"]),
        *(["--temperature", "0"], ["--temperature", "nan"], ["--temperature", "x"]),
    ],
)
def test_the_command_refuses(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    said = capsys.readouterr().err
    assert f"argument {arguments[0]}: expected a" in said
    assert f"not {arguments[1]}" in said


def test_the_command_runs_as_a_module_without_a_warning():
    command = [sys.executable, "-W", "error", "-m", "nn.gpt", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert "--temperature" in done.stdout
    assert done.stderr == ""


# -- the benchmark -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["scalars", "same_script", "eager"])
def test_the_benchmark_s_engines_take_a_step(engine):
    step = getattr(language_model, engine)("al")
    assert step() is None


def test_the_benchmark_prints_a_row_for_each_engine_and_each_start(monkeypatch, capsys):
    def measured(makes, rounds, collector):
        assert all("language_model" in make for make in makes.values())
        return dict(zip(makes, [0.2, 0.1, 0.04, 0.01], strict=True))

    monkeypatch.setattr("sys.argv", ["language_model", "--small"])
    monkeypatch.setattr(language_model.measure, "interleaved", measured)
    monkeypatch.setattr(language_model, "in_fresh_process", lambda code, cache: 1.5)
    language_model.main()
    lines = capsys.readouterr().out.splitlines()
    assert [engine for engine in language_model.ENGINES if any(engine in x for x in lines)] == [
        *language_model.ENGINES
    ]
    [eager] = [line for line in lines if "stepgrad eager" in line]
    assert eager.split()[-3:] == ["40", "ms", "0.200"]
    [compiled] = [line for line in lines if "stepgrad compiled" in line]
    assert compiled.split()[-3:-1] == ["0.1", "ms"]
    assert any("compiled anew" in line and "1.5 s" in line for line in lines)
