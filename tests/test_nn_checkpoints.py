"""A training that was stopped goes on from its checkpoint to the same bits."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
import safetensors.numpy

import nn
from autograd import Value, tanh, where
from nn.model_file import decoded
from nn.optimizers import Optimizer, OptimizerState
from nn.safetensors import sealed
from tests.interruption import interrupted_at
from tests.model_bytes import altered, of_header, parts, with_json, with_metadata, with_numbers

EPOCHS = 6
STOP = 2  # epochs before the training is stopped

X, Y = nn.datasets.xor(20, noise=0.1, seed=1)
USUAL = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "seed": 3}
FULL = {
    "batch_size": 7,
    "l2": 0.01,
    "validation": 0.3,
    "early_stopping": 50,
    "optimizer": nn.SGD(nn.StepDecay(0.3, every=4, factor=0.5), momentum=0.9),
    "metrics": nn.accuracy,
}
OPTIONS = {
    "all samples at once": {},
    "batches, dropout, validation, early stopping and a schedule": FULL,
    "AdamW": {"optimizer": nn.AdamW(nn.CosineDecay(0.1, steps=9, warmup=2)), "batch_size": 8},
    "validation samples of their own": {"validation": (X[:5], Y[:5]), "early_stopping": 50},
}


@pytest.fixture(params=[False, True], ids=["compiled", "eager"])
def eager(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.safetensors"


def new_model():
    return nn.MLP(2, [3, 3, 1], dropout=0.25, seed=5)


def fitted(path, model=None, **options):
    model = model or new_model()
    given = {"epochs": EPOCHS, "checkpoint": path, "progress": False, **USUAL, **options}
    return model, nn.fit(model, X, Y, **given)


def bits(model):
    numbers = [(p.data, p.grad) for p in model.parameters()]
    return [struct.pack("<2d", *pair) for pair in numbers]


# -- to the same bits ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_gone_on_with_ends_as_if_it_had_never_been_stopped(options, eager, path):
    given = {**OPTIONS[options], "eager": eager}
    whole, records = fitted(None, **given)
    _, first = fitted(path, **given, epochs=STOP)
    model, rest = fitted(path, **given, resume=True)
    assert first == records[:STOP]
    assert rest == records[STOP:]
    assert bits(model) == bits(whole)


def test_it_may_be_stopped_after_each_epoch(path, eager):
    given = {**FULL, "eager": eager}
    whole, records = fitted(None, **given)
    for epochs in range(1, EPOCHS + 1):
        model, [record] = fitted(path, **given, epochs=epochs, resume=True)
        assert record == records[epochs - 1]
    assert bits(model) == bits(whole)


def test_the_checkpoint_does_not_change_the_training(path, eager):
    given = {**FULL, "eager": eager}
    one, other = fitted(None, **given), fitted(path, **given)
    assert other[1] == one[1]
    assert bits(other[0]) == bits(one[0])


def test_early_stopping_waits_on_and_brings_back_the_best(path, eager):
    given = {
        **FULL, "eager": eager, "optimizer": nn.SGD(3.0), "epochs": 60, "early_stopping": 4,
    }  # fmt: skip
    whole, records = fitted(None, **given)
    lowest = min(records, key=lambda record: record.validation_loss).epoch
    assert 1 < lowest < len(records) - 1 == lowest + 4 - 1 < 59, "it stops in the middle"
    for stop in (lowest - 1, lowest + 1, len(records)):
        path.unlink(missing_ok=True)
        fitted(path, **{**given, "epochs": stop})
        model, rest = fitted(path, **given, resume=True)
        assert rest == records[stop:]
        assert bits(model) == bits(whole)


def test_a_training_that_had_ended_gives_its_model_and_no_records(path, eager):
    model, _ = fitted(path, eager=eager)
    again, records = fitted(path, eager=eager, resume=True)
    assert records == []
    assert bits(again) == bits(model)


def test_the_line_of_a_training_that_had_ended_says_so(path, capsys):
    fitted(path, eager=True)
    capsys.readouterr()
    fitted(path, eager=True, resume=True, progress=True)
    assert capsys.readouterr().out == "epoch 6/6  (it was trained to its end before)\n"
    fitted(path, eager=True, resume=True, progress=True, epochs=2)
    assert capsys.readouterr().out == "epoch 6/6  (it was trained to its end before)\n"


def test_so_does_the_bar_in_a_terminal(path, capsys, monkeypatch):
    fitted(path, eager=True, epochs=3)
    capsys.readouterr()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    fitted(path, eager=True, epochs=3, resume=True, progress=True)
    out = capsys.readouterr().out
    assert out.endswith("[####################] epoch 3/3  (it was trained to its end before)\n")
    fitted(path, eager=True, resume=True, progress=True)
    assert capsys.readouterr().out.startswith("\r[##########..........] epoch 3/6")


# -- a training that runs away -------------------------------------------------------------------


RUNAWAY = {
    "all samples at once": {"optimizer": nn.SGD(0.0365)},
    "batches": {"optimizer": nn.SGD(0.05), "batch_size": 4},
    "an overflow before three marks": {"optimizer": nn.SGD(1e40), "batch_size": 4},
    "after it went well": {"optimizer": nn.SGD(lambda t: where(t <= 33, 0.03, 0.045))},
}


def ended(path, count=None, **options):
    """What the failing training says, the bits that it leaves, and the epochs that it told.

    It is stopped after so many.
    """
    model, epochs = nn.Perceptron(1, seed=0), []
    xs = [[float(i)] for i in range(10)]
    given = {"loss": nn.mse, "epochs": 200, "checkpoint": path, **options}
    try:
        for record in islice(nn.train(model, xs, [2.0 * x for [x] in xs], **given), count):
            epochs.append(record.epoch)
    except FloatingPointError as error:
        return str(error), bits(model), epochs
    return "", bits(model), epochs


@pytest.mark.parametrize("options", RUNAWAY)
def test_a_training_that_runs_away_fails_the_same_when_it_is_gone_on_with(options, eager, path):
    given = {**RUNAWAY[options], "eager": eager}
    said, left, epochs = ended(None, **given)
    assert "The parameters are those that epoch" in said
    for stop in (len(epochs) // 3, len(epochs)):
        path.unlink(missing_ok=True)
        assert ended(path, stop, **given)[0] == ""
        again = ended(path, **given, resume=True)
        assert again[:2] == (said, left)
        assert again[2] == epochs[len(epochs) - len(again[2]) :]
    assert ended(path, **given, resume=True)[:2] == (said, left), "what a failure leaves fails"


def test_the_last_epoch_of_a_stopped_training_is_no_mark_of_a_longer_one(path):
    given = {"optimizer": nn.SGD(0.0365), "eager": True}
    said, left, _ = ended(None, **given)
    for epochs in (7, 30):
        assert ended(path, **given, epochs=epochs, resume=True)[0] == ""
    assert ended(path, **given, resume=True)[:2] == (said, left)


def test_one_that_runs_away_does_not_get_into_the_file(path):
    said, _, epochs = ended(path, optimizer=nn.SGD(0.0365))
    assert said.startswith("training diverges; by epoch 81")
    assert len(epochs) == 81
    found = decoded(path.read_bytes())
    assert 1 <= found.training.standing.epoch < 60, "of before the loss was far above"
    assert ended(path, optimizer=nn.SGD(0.0365), resume=True)[0] == said


def test_a_model_of_one_s_own_goes_on_too(path, eager):
    class Tied(nn.Module):
        def __init__(self):
            rng = Random(1)
            self.weights = [Value(rng.uniform(-1, 1)) for _ in range(4)]
            self.first, self.last = self.weights[0], nn.Layer(2, 1, seed=2)

        def __call__(self, x, masks=None):
            a, b, c, d = self.weights
            return self.last([tanh(a * x[0] + b * x[1]), tanh(c * x[0] + d * x[1] + self.first)])

    whole, records = fitted(None, Tied(), eager=eager, batch_size=6)
    fitted(path, Tied(), eager=eager, batch_size=6, epochs=STOP)
    model, rest = fitted(path, Tied(), eager=eager, batch_size=6, resume=True)
    assert rest == records[STOP:]
    assert bits(model) == bits(whole)


@dataclass(frozen=True)
class Plain(Optimizer):
    """Remembers nothing."""

    initial: ClassVar[tuple[float, ...]] = ()

    def update(self, parameter, gradient, state, t):
        return parameter - self.rate_at(t) * gradient, ()


def test_an_optimiser_may_remember_nothing(path, eager):
    given = {"optimizer": Plain(0.1), "eager": eager, "batch_size": 6}
    whole, records = fitted(None, **given)
    fitted(path, **given, epochs=STOP)
    model, rest = fitted(path, **given, resume=True)
    assert rest == records[STOP:]
    assert bits(model) == bits(whole)


def test_what_an_optimiser_remembers_may_be_infinite(path, eager):
    def huge(prediction, target):
        return prediction[0] * 1e200

    given = {"loss": huge, "epochs": 1, "eager": eager}
    fitted(path, **given)
    assert decoded(path.read_bytes()).training.slots[1].count(float("inf")) > 0
    _, [record] = fitted(path, **{**given, "epochs": 2}, resume=True)
    assert record == fitted(None, **{**given, "epochs": 2})[1][1]


def test_records_of_steps_go_on_as_well_and_so_do_changes_between_them(path, eager):
    def changing(path, count=None, **more):
        model = new_model()
        given = {**USUAL, **FULL, "eager": eager, "epochs": EPOCHS, "every": "step", **more}
        seen = []
        for record in islice(nn.train(model, X, Y, checkpoint=path, **given), count):
            seen.append(record)
            if record.step % 2:
                model.parameters()[0].data += 0.125
        return model, seen

    whole, records = changing(None)
    changing(path, count=5)  # two steps an epoch
    assert decoded(path.read_bytes()).training.step == 4
    model, rest = changing(path, resume=True)
    assert rest == records[4:]
    assert bits(model) == bits(whole)


def test_it_goes_on_in_another_process(path):
    code = """
import sys, nn
X, y = nn.datasets.xor(20, noise=0.1, seed=1)
model = nn.MLP(2, [3, 1], dropout=0.25, seed=5)
given = dict(loss=nn.binary_cross_entropy, optimizer=nn.Adam(nn.CosineDecay(0.1, steps=20)),
             batch_size=8, validation=0.25, progress=False, eager=True)
records = nn.fit(model, X, y, epochs=int(sys.argv[2]), checkpoint=sys.argv[1], resume=True, **given)
print([r.loss.hex() for r in records], [p.data.hex() for p in model.parameters()], sep="\\n")
"""

    def printed(file, epochs, seed):
        command = [sys.executable, "-c", code, file, str(epochs)]
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return [json.loads(line.replace("'", '"')) for line in done.stdout.splitlines()]

    whole = printed(str(path.with_name("whole")), 4, "1")
    first, rest = printed(str(path), 1, "2"), printed(str(path), 4, "3")
    assert [first[0] + rest[0], rest[1]] == whole


# -- the file ------------------------------------------------------------------------------------


def test_its_model_is_that_of_the_end_of_the_last_epoch(path, eager):
    model, _ = fitted(path, eager=eager)
    assert [p.data for p in nn.load(path).parameters()] == [p.data for p in model.parameters()]


def test_others_read_it(path):
    fitted(path, **FULL)
    tensors = safetensors.numpy.load_file(path)
    weight = [[w.data for w in neuron.weights] for neuron in nn.load(path).layers[0].neurons]
    assert tensors["layers.0.weight"].tolist() == weight
    assert tensors["training/slots"].shape == (1, 25)
    assert tensors["training/best"].shape == tensors["training/gradient"].shape == (25,)


def test_it_is_written_at_the_end_of_each_epoch(path):
    seen = []

    def watched(outputs, targets):
        seen.append(decoded(path.read_bytes()).training.standing.epoch if path.exists() else 0)
        return 0.0

    fitted(path, metrics=watched, epochs=3)
    assert seen == [0, 0, 1, 2]  # the first is the trial before the first step


def test_without_resume_it_begins_anew(path):
    fitted(path)
    _, records = fitted(path, epochs=2)
    assert [record.epoch for record in records] == [1, 2]
    assert decoded(path.read_bytes()).training.standing.epoch == 2


# Where Ctrl-C comes between `open` and `with`, the collector closes the file.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_training_has_a_whole_checkpoint_to_go_on_from(path):
    given = {"eager": True, "epochs": 2, "batch_size": 10}

    def tiny():
        return nn.MLP(2, [1], seed=5)

    whole, records = fitted(None, tiny(), **given)
    files = ("nn/checkpoints", "nn/training.py", "autograd/files")
    line, found = 1, set()
    while True:
        path.unlink(missing_ok=True)
        if not interrupted_at(line, lambda: fitted(path, tiny(), **given), files):
            break
        epoch = decoded(path.read_bytes()).training.standing.epoch if path.exists() else 0
        found.add(epoch)
        model, rest = fitted(path, tiny(), **given, resume=True)
        assert rest == records[epoch:]
        assert bits(model) == bits(whole)
        line += 7
    assert found >= {0, 1}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_beginning_leaves_the_model_as_it_was_or_as_the_file_has_it(path):
    given = {"eager": True, "epochs": 1, "resume": True}
    saved, _ = fitted(path, nn.MLP(2, [1], seed=0), **given)
    files, line = ("nn/checkpoints", "nn/writing", "nn/saving", "nn/eager_steps"), 1
    while True:
        model = nn.MLP(2, [1], seed=1)
        before = bits(model)
        if not interrupted_at(line, lambda model=model: fitted(path, model, **given), files):
            break
        assert bits(model) in (before, bits(saved))
        line += 1
    assert bits(model) == bits(saved) != before
    assert line > 50


# -- what is refused -----------------------------------------------------------------------------


def hinge(prediction, target):
    return nn.hinge(prediction, target)


OTHER = {
    r"optimizer is 'Adam\(learning_rate=0\.05.* and not 'Adam\(learning_rate=0\.5": {
        "optimizer": nn.Adam(0.5)
    },
    r"optimizer is 'Adam\(.* and not 'SGD": {"optimizer": nn.SGD(0.05)},
    r"optimizer is .* and not .*rate=StepDecay\(rate=0\.05, every=2": {
        "optimizer": nn.Adam(nn.StepDecay(0.05, every=2))
    },
    "loss is 'binary_cross_entropy' and not 'hinge'": {"loss": hinge},
    "batch_size is 'None' and not '4'": {"batch_size": 4},
    r"l2 is '0\.0' and not '0\.5'": {"l2": 0.5},
    "seed is '3' and not '4'": {"seed": 4},
    "early_stopping is 'None' and not '2'": {"early_stopping": 2, "validation": 0.2},
    "X and y is '20 samples with .* not '16 samples": {"validation": 0.2},
    "validation is '0 samples with .* not '5 samples": {"validation": (X[:5], Y[:5])},
    "eager is 'True' and not 'False'": {"eager": False},
}


@pytest.mark.parametrize("words", OTHER)
def test_another_training_is_refused_before_anything_changes(words, path):
    fitted(path, eager=True, epochs=1)
    content, model = path.read_bytes(), new_model()
    before = bits(model)
    advice = r"or nn\.load the model and train it with a checkpoint of another name"
    with pytest.raises(nn.ModelFileError, match=rf"run\.safetensors: .* {words}.* {advice}"):
        fitted(path, model, resume=True, **{"eager": True, **OTHER[words]})
    assert bits(model) == before
    assert path.read_bytes() == content


def test_other_samples_are_refused(path):
    fitted(path, eager=True, epochs=1)
    for samples, targets in ((X[1:] + X[:1], Y), (X, Y[1:] + Y[:1])):
        with pytest.raises(nn.ModelFileError, match="X and y is '20 samples with the digest"):
            nn.fit(new_model(), samples, targets, **USUAL, eager=True, checkpoint=path, resume=True)


def test_another_model_is_refused(path):
    fitted(path, eager=True, epochs=1)
    with pytest.raises(nn.ModelFileError, match="and the model to fill is 'MLP"):
        fitted(path, nn.MLP(2, [4, 3, 1], dropout=0.25), eager=True, resume=True)


def test_a_model_without_a_training_is_refused(path):
    nn.save(new_model(), path)
    with pytest.raises(nn.ModelFileError, match="a model without its training"):
        fitted(path, eager=True, resume=True)


def test_a_damaged_checkpoint_is_refused(path):
    fitted(path, eager=True, epochs=1)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(nn.ModelFileError, match="its digest is not that of what it holds"):
        fitted(path, eager=True, resume=True)


def test_arguments_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"resume goes on from a checkpoint; give its path"):
        fitted(None, resume=True)
    with pytest.raises(TypeError, match="resume is True or False, not str 'yes'"):
        fitted("x", resume="yes")
    with pytest.raises(TypeError, match="checkpoint is the path of a file, not bool True"):
        fitted(True)
    model = new_model()
    before = bits(model)
    with pytest.raises(FileNotFoundError, match="make it first"):
        fitted(tmp_path / "none" / "run.safetensors", model, eager=True)
    assert bits(model) == before


def test_an_optimiser_whose_memory_is_its_own_is_refused(path):
    class Own(nn.SGD):
        def init(self, model):
            return {}

    class Ragged(nn.SGD):
        def init(self, model):
            state = super().init(model)
            return OptimizerState(0, ((0.0, 0.0), *state.slots[1:]))

    for optimizer in (Own(0.1), Ragged(0.1)):
        with pytest.raises(TypeError, match="equally many numbers for each parameter"):
            fitted(path, optimizer=optimizer, eager=True)
    assert not path.exists()


def test_a_parameter_that_is_not_finite_is_not_written(path):
    model = new_model()
    records = nn.train(model, X, Y, **USUAL, eager=True, checkpoint=path)
    next(records), next(records)
    before = path.read_bytes()
    model.layers[0].neurons[1].bias.data = float("nan")
    with pytest.raises(ValueError, match=r"the parameter layers\.0\.bias\[1\] is nan"):
        next(records)
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "run.safetensors"
    fitted(path, nn.MLP(2, [1], seed=0), validation=0.2, early_stopping=5, eager=True, epochs=1)
    return path.read_bytes()


STATES = {
    "unknown field str '__reduce__'": lambda x: x.update(__reduce__=1),
    "lacks the field 'gauss'": lambda x: x.pop("gauss"),
    "description is list .* not an object": lambda x: x.update(description=[]),
    "str 'seed' is int 3": lambda x: x["description"].update(seed=3),
    "epoch is int -1": lambda x: x.update(epoch=-1),
    "epoch is float 1.0": lambda x: x.update(epoch=1.0),
    "step is bool True": lambda x: x.update(step=True),
    "waited is NoneType|waited is None": lambda x: x.update(waited=None),
    "lowest is str 'low'": lambda x: x.update(lowest="low"),
    "lowest is str 'nan'": lambda x: x.update(lowest="nan"),
    "lowest is float 0.5, not text": lambda x: x.update(lowest=0.5),
    "a lowest loss without its parameters, or these alone": lambda x: x.update(lowest="inf"),
    "has 624 numbers": lambda x: x["random"].pop(),
    r"random\[0\] is int 4294967296": lambda x: x["random"].__setitem__(0, 2**32),
    "has 625 numbers and is no state": lambda x: x["random"].__setitem__(624, 625),
    r"random\[3\] is str": lambda x: x["random"].__setitem__(3, "1"),
    "random is str": lambda x: x.update(random="1"),
    "gauss is str": lambda x: x.update(gauss="1"),
    "lacks the field 'next_mark'": lambda x: x.pop("next_mark"),
    "next_mark is float 1.5": lambda x: x.update(next_mark=1.5),
    "first is str 'nan', not a number": lambda x: x.update(first="nan"),
    "first is float 0.5, not text": lambda x: x.update(first=0.5),
    "far is int -1": lambda x: x.update(far=-1),
    "highest is str 'high'": lambda x: x.update(highest="high"),
    "low_epoch is int 0": lambda x: x.update(low_epoch=0),
    "low_epoch 2 that is yet to come": lambda x: x.update(low_epoch=2),
    "low_loss is None|low_loss is NoneType": lambda x: x.update(low_loss=None),
}


@pytest.mark.parametrize("words", STATES)
def test_a_state_that_is_none_is_refused(words, checkpoint):
    def change(state):
        STATES[words](state)

    with pytest.raises(nn.ModelFileError, match=words):
        decoded(with_json(checkpoint, "training", change))


def renamed(old, new):
    def change(header):
        entries = list(header.items())
        header.clear()
        header.update((new if name == old else name, entry) for name, entry in entries)

    return change


TENSORS = {
    "'training/more' is none of a training": renamed("training/slots", "training/more"),
    "has the shape .* each of the 3 parameters": lambda header: header["training/slots"].update(
        shape=[3, 2]
    ),
    "has 3 parameters, and there are 9": renamed("training/slots", "slots"),
    "has 3 parameters, and there are 19": lambda header: header["__metadata__"].pop("training"),
}


@pytest.mark.parametrize("words", TENSORS)
def test_tensors_that_are_none_of_a_training_are_refused(words, checkpoint):
    with pytest.raises(nn.ModelFileError, match=words):
        decoded(altered(checkpoint, TENSORS[words]))


@pytest.mark.parametrize("name", ["gradient", "low"])
def test_a_training_has_its_gradient_and_where_it_was_lowest(name, checkpoint):
    header, content = parts(checkpoint)
    del header["training/best"]
    renamed(f"training/{name}", "training/best")(header)
    with pytest.raises(nn.ModelFileError, match=f"there is no tensor training/{name}"):
        decoded(of_header(json.dumps(header, separators=(",", ":")), content[: -3 * 8]))


def test_the_losses_of_its_steps_are_those_of_an_epoch(path):
    fitted(path, eager=True, epochs=1)
    header, content = parts(path.read_bytes())
    begin, end = header["training/objectives"]["data_offsets"]
    header["training/objectives"].update(shape=[2], data_offsets=[begin, end + 8])
    for entry in list(header.values())[list(header).index("training/objectives") + 1 :]:
        entry["data_offsets"] = [place + 8 for place in entry["data_offsets"]]
    content = content[:end] + bytes(8) + content[end:]
    path.write_bytes(of_header(json.dumps(header, separators=(",", ":")), content))
    with pytest.raises(nn.ModelFileError, match=r"the losses of 2 steps; an epoch .* has 1"):
        fitted(path, eager=True, resume=True)


def numbers_at(data, name):
    """The place of the tensor's first number among those of the file."""
    header, _ = parts(data)
    return header[f"training/{name}"]["data_offsets"][0] // 8


@pytest.mark.parametrize("name", ["best", "low"])
def test_the_parameters_to_go_back_to_are_finite(name, checkpoint):
    place = numbers_at(checkpoint, name) + 2
    changed = with_numbers(checkpoint, lambda numbers: numbers.__setitem__(place, float("inf")))
    with pytest.raises(nn.ModelFileError, match=rf"training/{name}\[2\] is inf"):
        decoded(changed)


@pytest.mark.parametrize("name", ["gradient", "slots", "objectives"])
def test_no_other_number_of_a_training_is_nan(name, checkpoint):
    place = numbers_at(checkpoint, name)
    changed = with_numbers(checkpoint, lambda numbers: numbers.__setitem__(place, float("nan")))
    with pytest.raises(nn.ModelFileError, match=f"tensor str 'training/{name}' has a nan"):
        decoded(changed)


def test_a_file_that_would_be_refused_is_not_written(path):
    model = new_model()
    records = nn.train(model, X, Y, **USUAL, eager=True, checkpoint=path)
    next(records), next(records)
    before = path.read_bytes()
    model.parameters()[0].grad = float("nan")
    with pytest.raises(ValueError, match="tensor str 'training/gradient' has a nan"):
        next(records)
    assert path.read_bytes() == before


def test_a_flipped_bit_under_a_right_digest_gives_a_checkpoint_or_is_refused(checkpoint):
    given = refused = 0
    for place in range(0, 8 * len(checkpoint), 61):
        flipped = bytearray(checkpoint)
        flipped[place // 8] ^= 1 << place % 8
        try:
            given += decoded(sealed(bytes(flipped))).training is not None
        except nn.ModelFileError:
            refused += 1
    assert given > 100
    assert refused > 100


def test_the_text_of_a_training_is_judged_like_any_other(checkpoint):
    for text in ("", "[]", "null", "[" * 100_000):
        with pytest.raises(nn.ModelFileError, match="its training"):
            decoded(with_metadata(checkpoint, "training", text))
