"""What does not fit is refused in words that help, and the model is as it was before."""

# ruff: noqa: E501  # a row of the table of refusals is one line

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
from autograd import Value

X = [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]
Y = [0.0, 1.0, 1.0]


class Empty(nn.Module):
    def __call__(self, x):
        return [Value(x[0])]


class Strange(nn.Module):
    def __init__(self):
        self.weight = Value(1.0)

    def __call__(self, x):
        return None


# what is wrong · the arguments that differ from a good call · the error · its words
# fmt: off
REFUSED = [
    ("no samples",            dict(X=[], y=[]),                     ValueError, "X is empty; expected at least one sample"),
    ("an empty array",        dict(X=np.zeros((0, 2)), y=[]),       ValueError, "X is empty"),
    ("no features",           dict(X=[[], [], []]),                 ValueError, r"X\[0\] has no features"),
    ("a flat list",           dict(X=[1.0, 2.0, 3.0]),              TypeError,  r"X\[0\] is the number 1\.0.*write \[\[x\] for x in X\]"),
    ("a flat array",          dict(X=np.arange(3.0)),               TypeError,  r"write \[\[x\] for x in X\]"),
    ("ragged samples",        dict(X=[[0, 1], [1], [0, 0]]),        ValueError, r"X\[1\] has 1 features and X\[0\] has 2"),
    ("a nan",                 dict(X=[[0, 1], [1, math.nan], [0, 0]]), ValueError, r"X\[1\]\[1\] is nan; leave out or fill in"),
    ("an infinity",           dict(X=np.array([[0, 1], [1, np.inf], [0, 0]])), ValueError, r"X\[1\]\[1\] is inf"),
    ("a string feature",      dict(X=[[0, 1], [1, "2"], [0, 0]]),   TypeError,  r"X\[1\]\[1\] is str '2', not a number"),
    ("a complex feature",     dict(X=[[0, 1], [1, 2j], [0, 0]]),    TypeError,  r"X\[1\]\[1\] is complex 2j"),
    ("a None feature",        dict(X=[[0, 1], [1, None], [0, 0]]),  TypeError,  r"X\[1\]\[1\] is None, not a number"),
    ("a string for X",        dict(X="data"),                       TypeError,  "X is a list or an array of samples.*not str 'data'"),
    ("a generator for X",     dict(X=(x for x in X)),               TypeError,  "X is a list or an array of samples"),
    ("three dimensions",      dict(X=np.zeros((3, 2, 2))),          TypeError,  r"X\[0\]\[0\] is list .*, not a number"),
    ("fewer targets",         dict(y=[0, 1]),                       ValueError, "X has 3 samples and y has 2 targets"),
    ("a number for y",        dict(y=1.0),                          TypeError,  r"y is a list or an array of targets, not float 1\.0"),
    ("a nan target",          dict(y=[0, 1, math.nan]),             ValueError, r"y\[2\] is nan; leave out or fill in"),
    ("a nan, own loss",       dict(y=[0, 1, math.nan], loss=lambda p, t: p[0] - t), ValueError, r"y\[2\] is nan"),
    ("a list as a target",    dict(y=[0, 1, [1, 2]]),               ValueError, r"y\[2\]: mse takes a target of 1 number"),
    ("a wrong sign",          dict(loss=nn.hinge),                  ValueError, r"y\[0\]: hinge takes targets -1 and \+1, not float 0\.0.*2 \* t - 1"),
    ("a label too large",     dict(loss=nn.binary_cross_entropy, y=[0, 1, 2]), ValueError, r"y\[2\]: binary_cross_entropy takes targets 0 and 1, not int 2"),
    ("one output, classes",   dict(loss=nn.cross_entropy),          ValueError, r"y\[0\]: cross_entropy takes at least two outputs"),
    ("another input width",   dict(X=[[1.0], [2.0], [3.0]]),        ValueError, "takes 2 inputs, but was given 1"),
    ("no loss",               dict(loss="mse"),                     TypeError,  "loss is a function such as nn.mse, not str 'mse'"),
    ("a loss of floats",      dict(loss=lambda p, t: (p[0] - t).data), TypeError, r"the loss gives float .*, not a Value.*leave `\.data` out"),
    ("a loss of None",        dict(loss=lambda p, t: None),         TypeError,  "the loss gives None, not a Value"),
    ("a loss of a list",      dict(loss=lambda p, t: p),            TypeError,  r"the loss gives list \[.*, not a Value"),
    ("an optimiser's class",  dict(optimizer=nn.Adam),              TypeError,  r"optimizer is one such as nn\.Adam\(1e-2\), not type"),
    ("no epochs",             dict(epochs=0),                       ValueError, "epochs is a whole number, at least 1, not 0"),
    ("half an epoch",         dict(epochs=0.5),                     TypeError,  r"epochs is a whole number, at least 1, not float 0\.5"),
    ("an empty batch",        dict(batch_size=0),                   ValueError, "batch_size is a whole number, at least 1, not 0"),
    ("a negative l2",         dict(l2=-0.1),                        ValueError, r"l2 is a number of at least 0, not -0\.1"),
    ("a nan l2",              dict(l2=math.nan),                    ValueError, "l2 is a number of at least 0, not nan"),
    ("a validation of all",   dict(validation=1.0),                 ValueError, r"validation is a number in \(0, 1\), or a pair \(X, y\), not 1\.0"),
    ("a validation of none",  dict(validation=0.1),                 ValueError, r"validation=0\.1 of 3 samples would be 0"),
    ("a validation triple",   dict(validation=(X, Y, Y)),           ValueError, r"validation is a share or a pair \(X, y\)"),
    ("a validation string",   dict(validation="20 %"),              TypeError,  r"validation is a number in \(0, 1\), or a pair"),
    ("a bad validation pair", dict(validation=(X, [0, 1])),         ValueError, "validation X has 3 samples and validation y has 2 targets"),
    ("validation too narrow", dict(validation=([[1.0]], [1.0])),    ValueError, "takes 2 inputs, but was given 1"),
    ("stopping unwatched",    dict(early_stopping=3),               ValueError, "early_stopping watches the validation loss; give validation=0.2"),
    ("no patience",           dict(early_stopping=0, validation=(X, Y)), ValueError, "early_stopping is a whole number, at least 1"),
    ("a metric's name",       dict(metrics=["accuracy"]),           TypeError,  "metrics are functions such as nn.accuracy, not str 'accuracy'"),
    ("a number for metrics",  dict(metrics=3),                      TypeError,  "metrics are functions such as nn.accuracy, not int 3"),
    ("a metric of text",      dict(metrics=lambda p, t: "a"),       TypeError,  "the metric <lambda> gives str 'a'; expected a number"),
    ("a metric that misfits", dict(metrics=nn.accuracy, y=[0, 1, 7]), ValueError, r"but a target is 7\.0"),
    ("an uphill schedule",    dict(optimizer=nn.SGD(lambda t: -1.0)), ValueError, r"the learning rate's schedule gave float -1\.0 at step 1; expected"),
    ("two metrics, one name", dict(metrics=[lambda p, t: 0.0, lambda p, t: 1.0]), ValueError, "two numbers of a record would be called '<lambda>'; give each metric a name"),
    ("a metric twice",        dict(metrics=[nn.accuracy, nn.accuracy]), ValueError, "would be called 'accuracy'"),
    ("a seed of text",        dict(seed="0"),                       TypeError,  "seed is an int, not str '0'"),
    ("no model",              dict(model=lambda x: x),              TypeError,  "model is an nn.Module such as"),
    ("no parameters",         dict(model=Empty()),                  ValueError, "the model has no parameters; assign Values or modules"),
    ("no prediction",         dict(model=Strange()),                TypeError,  "the model gives None; expected a Value or a list of Values"),
]
# fmt: on


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [pytest.param(*row[1:], id=row[0].replace(" ", "-")) for row in REFUSED],
)
def test_fit_refuses(arguments, error, message, capsys):
    model = nn.MLP(2, [3, 1], seed=0)
    for p in model.parameters():
        p.grad = 0.5
    before = [(p.data, p.grad, p.label) for p in model.parameters()]
    good = dict(model=model, X=X, y=Y, loss=nn.mse, epochs=2)
    with pytest.raises(error, match=message):
        nn.fit(**{**good, **arguments})
    assert [(p.data, p.grad, p.label) for p in model.parameters()] == before
    assert capsys.readouterr().out == ""


def test_train_refuses_when_it_is_called_and_not_at_the_first_record():
    with pytest.raises(ValueError, match='every is "epoch" or "step", not str'):
        nn.train(nn.MLP(2, [1]), X, Y, loss=nn.mse, every="batch")


def test_a_label_out_of_range_names_its_place():
    model = nn.MLP(2, [3], seed=0)
    with pytest.raises(ValueError, match=r"y\[2\]: cross_entropy takes targets from 0 to 2"):
        nn.fit(model, X, [0, 2, 3], loss=nn.cross_entropy, progress=False)


def test_a_dropout_without_width_is_found_before_training():
    class Net(nn.Module):
        def __init__(self):
            self.layer = nn.Layer(2, 1, seed=0)
            self.drop = nn.Dropout(0.5)

        def __call__(self, x, masks=None):
            return self.drop(self.layer(x), masks)

    net = Net()
    before = [p.data for p in net.parameters()]
    with pytest.raises(ValueError, match="give it its width"):
        nn.fit(net, X, Y, loss=nn.mse, progress=False)
    assert [p.data for p in net.parameters()] == before


def test_a_network_with_dropout_that_takes_no_masks_is_found_before_training():
    class Net(nn.Module):
        def __init__(self):
            self.body = nn.MLP(2, [3, 1], dropout=0.5, seed=0)

        def __call__(self, x):
            return self.body(x)

    net = Net()
    before = [p.data for p in net.parameters()]
    with pytest.raises(TypeError, match=r"define __call__\(self, x, masks=None\)"):
        nn.fit(net, X, Y, loss=nn.mse, progress=False)
    assert [p.data for p in net.parameters()] == before


@pytest.mark.parametrize(
    ("data", "targets"),
    [
        (np.array(X), np.array(Y)),
        (np.array(X, dtype=np.float32), np.array(Y, dtype=int)),
        (tuple(map(tuple, X)), tuple(Y)),
        ([np.array(x) for x in X], [[t] for t in Y]),
        (np.array(X), np.array(Y).reshape(3, 1)),
        ([[0, 1], [True, False], [0.5, 0.5]], [False, True, True]),
    ],
)
def test_lists_tuples_arrays_and_columns_of_targets_are_all_the_same(data, targets):
    def trained(*samples):
        model = nn.MLP(2, [3, 1], seed=0)
        nn.fit(model, *samples, loss=nn.binary_cross_entropy, epochs=2, progress=False)
        return [p.data for p in model.parameters()]

    assert trained(data, targets) == trained(X, Y)
