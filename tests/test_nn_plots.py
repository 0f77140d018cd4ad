"""Plots take and return Axes, and show what they say they show."""

from __future__ import annotations

import math
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet

import nn
from nn.canvas import fill, fill_classes, ring_errors


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def moons():
    X, y = nn.datasets.moons(30, seed=1)
    model = nn.MLP(2, [4, 1], seed=0)
    history = nn.fit(
        model, X, y, loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.1), epochs=8,
        validation=0.2, progress=False,
    )  # fmt: skip
    return model, X, y, history


def texts(ax):
    legend = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def test_the_loss_is_drawn_on_the_given_axes_with_its_labels(moons):
    *_, history = moons
    _, ax = plt.subplots()
    assert nn.plot_loss(history, ax) is ax
    training, validation = ax.get_lines()[:2]
    assert list(training.get_ydata()) == [r.loss for r in history]
    assert list(validation.get_ydata()) == [r.validation_loss for r in history]
    assert list(training.get_xdata()) == list(range(1, 9))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    lowest = min(r.validation_loss for r in history)
    assert texts(ax)[:2] == ["training", "validation"]
    assert texts(ax)[2].startswith(f"lowest: {lowest:.3g} at ")


def test_a_record_for_each_step_is_drawn_over_steps():
    records = list(
        nn.train(nn.MLP(1, [1], seed=0), [[0.0], [1.0]], [0.0, 1.0], loss=nn.mse, epochs=3,
                 batch_size=1, every="step")
    )  # fmt: skip
    ax = nn.plot_loss(records)
    assert ax.get_xlabel() == "step"
    assert list(ax.get_lines()[0].get_xdata()) == [1, 2, 3, 4, 5, 6]


def test_a_loss_that_falls_far_is_read_on_a_logarithmic_scale():
    def records(losses):
        return [nn.Record(i, i, loss) for i, loss in enumerate(losses, 1)]

    assert nn.plot_loss(records([1.0, 1e-3])).get_yscale() == "log"
    assert nn.plot_loss(records([1.0, 0.5])).get_yscale() == "linear"
    assert nn.plot_loss(records([1.0, 0.0])).get_yscale() == "linear"


def test_the_boundary_shows_the_samples_and_rings_those_on_the_wrong_side(moons):
    model, X, y, _ = moons
    _, ax = plt.subplots()
    assert nn.plot_decision_boundary(model, X, y, ax, resolution=12) is ax
    wrong = [
        x
        for x, t, [score] in zip(X, y, nn.predict(model, X), strict=True)
        if (score > 0) != (t == 1)
    ]
    scatters = [c for c in ax.collections if hasattr(c, "get_offsets") and len(c.get_offsets())]
    offsets = [sorted(map(tuple, np.asarray(c.get_offsets()).tolist())) for c in scatters]
    for label in (0, 1):
        assert sorted(tuple(x) for x, t in zip(X, y, strict=True) if t == label) in offsets
    assert wrong
    assert sorted(map(tuple, wrong)) in offsets
    assert texts(ax) == ["class 0", "class 1", f"wrong side ({len(wrong)})"]


def test_the_line_of_the_boundary_lies_where_the_score_is_zero():
    model = nn.MLP(2, [1], seed=0)
    for p, number in zip(model.parameters(), [1.0, -1.0, 0.0], strict=True):
        p.data = number  # the boundary is x = y
    X = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    ax = nn.plot_decision_boundary(model, X, [0, 1, 0, 1], resolution=9)
    lines = [path for c in ax.collections for path in c.get_paths() if len(c.get_paths()) == 1]
    on_diagonal = [p for p in lines if len(p.vertices) and np.allclose(*p.vertices.T)]
    assert on_diagonal


def test_colours_go_in_equal_steps_to_both_ends_of_their_range():
    _, ax = plt.subplots()
    filled = fill(ax, [0.0, 1.0], [0.0, 1.0], [[-2.0, 0.0], [1.0, 2.0]], 2.0)
    assert list(filled.levels) == pytest.approx(np.linspace(-2.0, 2.0, 21))


def test_a_class_that_leads_by_little_has_its_colour():
    _, ax = plt.subplots()
    outputs = [[0.1, 0.0], [0.0, 0.1], [0.1, 0.0], [0.0, 0.1]]
    fill_classes(ax, [0.0, 1.0], [0.0, 1.0], outputs)
    filled = [shape for shape in ax.collections if isinstance(shape, ContourSet) and shape.filled]
    assert len(filled) == 2


def test_a_single_sample_is_enough_for_a_picture(moons):
    model, X, y, _ = moons
    assert len(nn.plot_hidden_features(model, X[:1], y[:1], resolution=2)) == 4


def test_several_classes_have_regions_and_names():
    X, y = nn.datasets.spiral(30)
    model = nn.MLP(2, [4, 3], seed=0)
    ax = nn.plot_decision_boundary(model, X, y, classes=["a", "b", "c"], resolution=10)
    assert texts(ax)[:3] == ["a", "b", "c"]


def test_a_model_that_decides_for_one_class_everywhere_is_drawn_without_a_warning():
    X, y = nn.datasets.moons(10)
    one, three = nn.MLP(2, [1], seed=0), nn.MLP(2, [3], seed=0)
    for model in (one, three):
        for p in model.parameters():
            p.data = 0.0
        model.parameters()[-1].data = 1.0
        nn.plot_decision_boundary(model, X, y, resolution=5)


def test_hidden_features_over_the_plane_are_one_map_for_each_unit(moons):
    model, X, y, _ = moons
    panels = nn.plot_hidden_features(model, X, y, resolution=6)
    assert [ax.get_title() for ax in panels] == ["unit 0", "unit 1", "unit 2", "unit 3"]
    assert all(isinstance(ax, Axes) for ax in panels)


def test_hidden_features_of_many_dimensions_are_principal_components():
    X, y = nn.datasets.iris()
    model = nn.MLP(4, [5, 3], seed=0)
    _, axes = plt.subplots(1, 2)
    left, right = nn.plot_hidden_features(model, X, y, axes, classes=["s", "c", "v"])
    assert (left, right) == tuple(axes)
    assert "4 features" in left.get_title()
    assert "5 units" in right.get_title()
    assert texts(right) == ["s", "c", "v"]
    # the share of the first component, from the eigenvalues of the covariance
    sizes = np.linalg.eigvalsh(np.cov(np.array(X).T))
    assert f"({100 * sizes[-1] / sizes.sum():.0f} %" in left.get_xlabel()


def test_plots_change_nothing_in_the_model(moons):
    model, X, y, history = moons
    before = [(p.data, p.grad) for p in model.parameters()]
    nn.plot_loss(history)
    nn.plot_decision_boundary(model, X, y, resolution=4)
    nn.plot_hidden_features(model, X, y, resolution=4)
    assert [(p.data, p.grad) for p in model.parameters()] == before


@pytest.mark.parametrize("outputs", [1, 3])
def test_in_an_svg_the_plane_is_one_image_and_the_rest_is_vectors(outputs, tmp_path):
    X, y = nn.datasets.moons(30)
    model = nn.MLP(2, [8, outputs], seed=0)
    ax = nn.plot_decision_boundary(model, X, y)
    ax.figure.savefig(tmp_path / "plane.svg")
    text = (tmp_path / "plane.svg").read_text()
    assert "<image" in text
    assert not [c for c in ax.collections if isinstance(c, ContourSet) and c.filled and
                not c.get_rasterized()]  # fmt: skip
    lines = [c for c in ax.collections if isinstance(c, ContourSet) and not c.filled]
    assert lines
    assert not any(c.get_rasterized() for c in lines)


def test_the_legend_may_be_left_out(moons):
    model, X, y, history = moons
    assert texts(nn.plot_loss(history, legend=False)) == []
    assert texts(nn.plot_decision_boundary(model, X, y, resolution=3, legend=False)) == []
    X, y = nn.datasets.iris()
    _, right = nn.plot_hidden_features(nn.MLP(4, [2, 3], seed=0), X, y, legend=False)
    assert texts(right) == []


def test_a_sample_on_which_the_model_gives_nan_is_on_the_wrong_side(moons):
    _, X, y, _ = moons
    outputs = [[math.nan] for _ in X]
    ax = plt.subplots()[1]
    ring_errors(ax, X, y, outputs)
    [ring] = ax.collections
    assert len(ring.get_offsets()) == len(X)


def test_targets_of_minus_one_are_class_zero_and_a_class_without_samples_keeps_its_colour(moons):
    model, X, y, _ = moons
    signs = nn.plot_decision_boundary(model, X, [2 * t - 1 for t in y], resolution=3)
    bits = nn.plot_decision_boundary(model, X, y, resolution=3)
    assert texts(signs) == texts(bits)
    only = nn.plot_decision_boundary(model, X[:2], [1, 1], classes=["no", "yes"], resolution=3)
    assert texts(only)[0] == "yes"


def test_a_hidden_layer_of_one_unit_has_one_component():
    X, y = nn.datasets.iris()
    _, right = nn.plot_hidden_features(nn.MLP(4, [1, 3], seed=0), X[:9], y[:9])
    assert "(100 %" in right.get_xlabel()


def test_other_layers_and_sequentials_have_features_too():
    X, y = nn.datasets.moons(10)
    model = nn.Sequential(nn.Layer(2, 3, "tanh", seed=0), nn.Dropout(0.5), nn.Layer(3, 1, seed=0))
    assert len(nn.plot_hidden_features(model, X, y, resolution=4)) == 3
    assert len(nn.plot_hidden_features(model, X, y, layer=2, resolution=4)) == 1


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda m, X, y: nn.plot_loss([]), ValueError, "the history is empty"),
        (
            lambda m, X, y: nn.plot_decision_boundary(m, [[1.0, 2.0, 3.0]], [0]),
            ValueError,
            "over two features, but X has 3",
        ),
        (lambda m, X, y: nn.plot_decision_boundary(m, X, y[:3]), ValueError, "y has 3 targets"),
        (
            lambda m, X, y: nn.plot_hidden_features(nn.Layer(2, 1), X, y),
            TypeError,
            "expected an MLP or a Sequential",
        ),
        (
            lambda m, X, y: nn.plot_decision_boundary(m, X, y, classes=["a"], resolution=3),
            ValueError,
            "classes has 1 names, but y has the class 1",
        ),
        (
            lambda m, X, y: nn.plot_decision_boundary(m, X, [0.5] * 30),
            ValueError,
            r"takes whole numbers from 0, or -1 and \+1, as targets, not float 0\.5",
        ),
        (
            lambda m, X, y: nn.plot_hidden_features(m, X, y, layer=5),
            ValueError,
            "layer is from -2 to 1, not 5",
        ),
        (
            lambda m, X, y: nn.plot_hidden_features(m, X, y, plt.subplots()[1]),
            ValueError,
            "expected 4 Axes, one for each panel, not 1",
        ),
    ],
)
def test_what_cannot_be_drawn_says_why(moons, draw, error, message):
    model, X, y, _ = moons
    with pytest.raises(error, match=message):
        draw(model, X, y)


def test_without_matplotlib_the_error_says_what_to_install(moons, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        nn.plot_loss(moons[-1])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda m, X, y: nn.plot_hidden_features(m, X, y, layer="a"), "layer is a whole .*str 'a'"),
        (lambda m, X, y: nn.plot_hidden_features(m, X, y, [1, 2, 3, 4]), "Axes.*not int 1"),
        (
            lambda m, X, y: nn.plot_decision_boundary(m, X, y, ax=3),
            "ax is a matplotlib Axes.*int 3",
        ),
        (lambda m, X, y: nn.plot_loss(3), "the history is a list .*records.*not int 3"),
        (lambda m, X, y: nn.plot_loss([1]), "the history holds int 1; expected records"),
        (lambda m, X, y: nn.plot_loss([nn.Record(1, 1, 0.5)], ax=3), "ax is a matplotlib Axes"),
    ],
)
def test_what_cannot_be_drawn_on_or_from_is_said(moons, draw, message):
    with pytest.raises(TypeError, match=message):
        draw(*moons[:3])
