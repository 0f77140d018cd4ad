"""A GPT of single scalars: its parts, its loss, its two ways of learning, and what it writes.

The judge is the same model in NumPy, on matrices: another way to write it, and other code.
"""

from __future__ import annotations

import math
import os
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
from nn.gpt import main
from nn.text_program import mean_loss
from nn.text_steps import CompiledTexts
from tests.benchmarks import language_model, scalar_gpt
from tests.interruption import count_points, interrupted_at

ROOT = Path(__file__).resolve().parents[1]
ROUNDING = 1e-13  # relative to numbers of about 1: sums of at most 64 terms in another order
STEP = np.finfo(float).eps ** (1 / 3)  # of central differences
DIFFERENCE = 1e-8  # of such a difference of a loss of about 1, whose third derivative is as small
EPSILON = 1e-5  # RMSNorm's own
INTERRUPTED = 12  # points of a training at which Ctrl-C comes; each traces the program anew
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


def test_the_token_of_an_embedding_may_be_an_input_of_a_program():
    table = nn.Embedding(4, 2, seed=0)
    looked_up = jit(lambda table, token: table(token))
    for token in range(4):
        assert looked_up(table, float(token)) == [w.data for w in table.weights[token]]
    with pytest.raises(IndexError, match="no whole number in the range"):
        looked_up(table, 4.0)


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
    assert math.isclose(np.square(nn.RMSNorm(1e-300)(x)).mean(), 1.0, rel_tol=ROUNDING)
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
        nn.RMSNorm(0.0)


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
    texts = [[4, 0, 1, 4], [4, 2, 4], [4, 3, 3, 0, 4]]
    ways = []
    for eager in (False, True):
        model = small(layers=2)
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


@pytest.mark.parametrize("eager", [False, True])
def test_whatever_ends_it_the_model_is_that_of_the_last_completed_step(eager):
    texts, optimizer = [[4, 0, 1, 4], [4, 2, 4]], nn.Adam(0.01)

    def stop(step, loss):
        if step == 3:
            raise Stopped

    stopped, whole = small(), small()
    with pytest.raises(Stopped):
        nn.fit_texts(stopped, texts, optimizer=optimizer, report=stop, seed=0, eager=eager)
    nn.fit_texts(whole, texts, steps=3, optimizer=optimizer, seed=0, eager=eager)
    assert [p.data for p in stopped.parameters()] == [p.data for p in whole.parameters()]


@pytest.mark.parametrize("eager", [False, True])
def test_a_loss_or_a_move_that_is_not_finite_is_refused_and_not_written(eager):
    model = small()
    model.head.weights[2][0].data = math.nan
    before = [p.data for p in model.parameters()]
    with pytest.raises(FloatingPointError, match=r"the loss of the text \[4, 2, 4\] is nan"):
        nn.fit_texts(model, [[4, 2, 4]], steps=1, eager=eager)
    assert str(before) == str([p.data for p in model.parameters()])
    model = small(deviation=3.0)
    before = [p.data for p in model.parameters()]
    with pytest.raises(FloatingPointError, match=r"would make the parameter .* -?inf"):
        nn.fit_texts(model, [[4, 2, 4]], steps=1, optimizer=nn.SGD(1.7e308), eager=eager)
    assert before == [p.data for p in model.parameters()]


def test_wherever_ctrl_c_comes_the_model_is_that_of_a_completed_step():
    texts, files = [[1, 0, 1], [1, 0, 0, 1]], ("nn/text_steps.py", "nn/text_training.py")

    def begun():
        return nn.GPT(2, 3, 2, 1, seed=0)

    def train(model, steps=3):
        nn.fit_texts(model, texts, steps=steps, optimizer=nn.SGD(0.1), seed=0)

    def taught(model):
        return [p.data for p in model.parameters()]

    completed = [taught(begun())]
    for steps in (1, 2, 3):
        train(model := begun(), steps)
        completed.append(taught(model))
    points = count_points(lambda: train(begun()), files)
    found = set()
    for point in range(1, points + 1, max(1, points // INTERRUPTED)):
        model = begun()
        assert interrupted_at(point, lambda model=model: train(model), files)
        assert taught(model) in completed
        found.add(completed.index(taught(model)))
    assert found >= {0, 1, 2}


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

    texts = [[4, i, 4] for i in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nn.text_training.CompiledTexts", Counted)
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
        ({"seed": 0, "rng": Random(0)}, ValueError, "a seed or an rng"),
    ],
)
def test_fit_texts_refuses(change, error, message):
    arguments = {"model": small(), "texts": [[4, 4]], **change}
    with pytest.raises(error, match=message):
        nn.fit_texts(**arguments)


# -- writing -------------------------------------------------------------------------------------


def test_at_a_low_temperature_it_writes_what_is_most_likely(taught):
    model = taught[0]
    [written] = nn.generate(model, start=26, temperature=1e-6, seed=0)
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


# -- saving --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    [
        small(layers=2),
        nn.Embedding(3, 2, seed=0),
        nn.CausalSelfAttention(4, 2, seed=0),
        nn.Sequential(nn.Linear(3, 2, seed=0), nn.RMSNorm(1e-6), nn.Linear(2, 2, seed=0)),
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
    assert all(set(name) <= set(nn.names.LETTERS) for name in lines[4:7])
    assert lines[7:] == [f"saved to {file}"]
    assert isinstance(nn.load(file), nn.GPT)
    assert main(arguments) == 0
    again = capsys.readouterr().out.splitlines()
    assert again[:3] + again[4:] == lines[:3] + lines[4:]  # all but the seconds


def test_the_command_refuses_a_folder_that_is_not_there_before_it_trains(tmp_path, capsys):
    assert main(["--save", str(tmp_path / "none" / "m.safetensors")]) == 1
    said = capsys.readouterr()
    assert "there is no folder" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "arguments",
    [["--steps", "0"], ["--temperature", "0"], ["--samples", "x"], ["--temperature", "nan"]],
)
def test_the_command_refuses(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    assert arguments[0] in capsys.readouterr().err


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
