"""`python -m nn` does its job on real data, and takes its options."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

import nn
from nn import demo
from nn.__main__ import DEFAULT, main

PNG = b"\x89PNG\r\n"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_breast_cancer_is_learned_checked_and_drawn(tmp_path):
    said = []
    result = demo.run(demo.JOBS["breast_cancer"], tmp_path, progress=False, say=said.append)
    assert result.test_accuracy >= 0.95
    assert result.train_accuracy >= 0.95
    assert said[0] == ("== breast_cancer: 427 samples to train on, 142 to test, 30 features")
    assert said[1] == "MLP(30 → 16 tanh → 1) with 513 parameters"
    assert said[2] == (
        f"accuracy: {result.train_accuracy:.1%} on the training samples, "
        f"{result.test_accuracy:.1%} on the test samples"
    )
    assert said[3].startswith("gradient check: all 513 derivatives of one sample's loss agree")
    names = ["loss.png", "features.png", "neuron.svg", "sample.svg"]
    assert result.pictures == [tmp_path / f"breast_cancer-{name}" for name in names]
    assert sorted(tmp_path.iterdir()) == sorted(result.pictures)
    for path in result.pictures:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(PNG)
        else:
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
    assert "layers.0.neurons.0.weights.29" in (tmp_path / "breast_cancer-neuron.svg").read_text()


def test_handwritten_digits_are_learned(tmp_path):
    said = []
    result = demo.run(demo.JOBS["digits"], tmp_path, progress=False, say=said.append)
    assert result.test_accuracy >= 0.96
    assert said[1] == "MLP(64 → 32 tanh → 10) with 2,410 parameters"
    assert said[3].startswith("gradient check: 201 of 2,410 derivatives of one sample's loss agree")


def test_the_gradient_check_finds_a_wrong_gradient():
    job = demo.JOBS["xor"]
    X, _, y, _ = demo.samples_of(job)
    model, loss = demo.prepared(job, X, y)

    def wrong(prediction, target):
        [logit] = prediction
        return loss([logit * 2.0 - logit.data], target)

    with pytest.raises(AssertionError, match="layers"):
        demo.gradient_check(model, (X[0], y[0]), wrong)


def test_the_sample_that_is_drawn_is_the_one_with_the_largest_loss():
    job = demo.JOBS["xor"]
    X, _, y, _ = demo.samples_of(job)
    model, loss = demo.prepared(job, X, y)
    x, target = demo.hardest(nn.predict(model, X), X, y, loss)
    costs = [loss(model(a), b).data for a, b in zip(X, y, strict=True)]
    assert loss(model(x), target).data == max(costs)


def test_every_option_reaches_the_job(tmp_path, capsys):
    status = main(
        [
            *("--data", "xor", "--layers", "3", "2", "--activation", "relu", "--dropout", "0.1"),
            *("--optimizer", "adamw", "--learning-rate", "0.05", "--epochs", "2"),
            *("--batch-size", "50", "--l2", "0.001", "--seed", "3", "--out", str(tmp_path)),
        ]
    )
    out = capsys.readouterr().out
    assert status == 0
    assert "MLP(2 → 3 relu → 2 relu → 1, dropout 0.1) with 20 parameters" in out
    assert "epoch 2/2" in out
    assert {p.name for p in tmp_path.iterdir()} == {
        *("xor-boundary.png", "xor-features.png", "xor-loss.png"),
        *("xor-neuron.svg", "xor-sample.svg"),
    }


def test_eager_is_an_option_and_trains_alike(tmp_path, capsys):
    options = ["--data", "xor", "--layers", "3", "--epochs", "3", "--out", str(tmp_path)]
    said = []
    for chosen in (options, [*options, "--eager"]):
        assert main(chosen) == 0
        said.append(re.sub(r"\d+\.\d s", "", capsys.readouterr().out))
    assert said[0] == said[1]


def test_several_classes_work_and_no_hidden_layer_too(tmp_path, capsys):
    assert main(["--data", "spiral", "--layers", "--epochs", "1", "--out", str(tmp_path)]) == 0
    assert "MLP(2 → 3) with 9 parameters" in capsys.readouterr().out
    assert not (tmp_path / "spiral-features.png").exists()


@pytest.mark.parametrize("name", demo.JOBS)
def test_every_data_set_makes_a_network_and_targets_that_fit_its_loss(name):
    job = replace(demo.JOBS[name], epochs=1)
    X, X_test, y, y_test = demo.samples_of(job)
    model, loss = demo.prepared(job, X, y)
    assert (len(X), len(X_test)) == (len(y), len(y_test))
    assert model.inputs == len(X[0])
    assert loss(model(X[0]), y[0]).data > 0


def test_a_source_has_a_name_for_each_of_its_classes():
    for name, source in demo.SOURCES.items():
        *_, y, y_test = source.samples(0)
        if source.classes:
            assert set(range(len(source.classes))) == {*y, *y_test}, name
    assert demo.SOURCES["breast_cancer"].classes == ("malignant", "benign")


def test_the_default_jobs_are_breast_cancer_and_moons():
    assert DEFAULT == ("breast_cancer", "moons")
    assert list(demo.JOBS) == list(demo.SOURCES)
    assert all(name == job.data for name, job in demo.JOBS.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dropout", "1.0"], "--dropout is a number in [0, 1), not 1.0"),
        (["--layers", "0"], "--layers: a width is a whole number, at least 1, not 0"),
        (["--epochs", "0"], "--epochs is a whole number, at least 1, not 0"),
        (["--batch-size", "-5"], "--batch-size is a whole number, at least 1, not -5"),
        (["--learning-rate", "0"], "--learning-rate is a number above 0, not 0.0"),
        (["--learning-rate", "nan"], "--learning-rate is a number above 0, not nan"),
        (["--l2", "-1"], "--l2 is a number of at least 0, not -1.0"),
    ],
)
def test_a_bad_option_is_one_line_on_standard_error(tmp_path, capsys, arguments, message):
    assert main(["--data", "moons", "--out", str(tmp_path / "new"), *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_training_that_diverges_is_one_line_on_standard_error(tmp_path, capsys):
    options = ["--learning-rate", "1e200", "--activation", "relu", "--out", str(tmp_path)]
    assert main(["--data", "moons", *options]) == 1
    assert "Try a smaller learning rate" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_said_before_training(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert main(["--data", "moons", "--out", str(out)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"--out {out}: " in captured.err
        assert captured.err.endswith("; give a folder that can be made and written to\n")
        assert captured.err.count("\n") == 1


def test_an_interruption_is_one_line_and_a_status(tmp_path, capsys, monkeypatch):
    def interrupted(job, out):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.__main__.run", interrupted)
    assert main(["--data", "moons", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "moons: interrupted\n"


def test_help_names_every_option():
    run = subprocess.run(
        [sys.executable, "-m", "nn", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(demo.__file__).parents[1],
    )
    for option in (
        *("--data", "--layers", "--activation", "--dropout", "--optimizer", "--learning-rate"),
        *("--epochs", "--batch-size", "--l2", "--seed", "--eager", "--out"),
    ):
        assert option in run.stdout
    assert "(default: breast_cancer moons)" in run.stdout
    for job in demo.JOBS.values():
        assert re.search(rf"\n  {job.data} .*{job.learning_rate:g}, {job.l2:g}\n", run.stdout)
