"""The checkers, checked: against closed forms, and against rules that are wrong on purpose."""

import math
import subprocess
import sys
import tempfile
from collections import namedtuple
from dataclasses import dataclass

import numpy
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, ops
from autograd.testing import (
    Expression,
    FiniteDifference,
    GradientError,
    arguments,
    check_grads,
    expressions,
    finite_difference,
    values,
)
from autograd.testing.comparison import MODES, Comparison
from autograd.testing.flat import FlatFunction
from autograd.testing.point import Point
from autograd.testing.strategies import SIMPLEST
from autograd.value import topological_order
from tests.oracle import exact_partial, mp
from tests.points import is_variable

DIFFERENCE = 1e-9  # of ordinary functions, relative: what extrapolation leaves of 16 digits
PROMISED = 10.0  # the true error is at most so many times the estimate
DIFFERENTIABLE = [op for op in ops.TABLE.values() if op.partials and op is not ops.alias]


@pytest.fixture(autouse=True)
def pictures(monkeypatch, tmp_path):
    """The folder that failing graphs are drawn in, which goes with the test."""
    monkeypatch.setenv("AUTOGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def wrong(monkeypatch, name, partials):
    """Plant a rule in the table until the end of the test."""
    monkeypatch.setattr(ops.TABLE[name], "partials", partials)
    monkeypatch.setattr(ops.TABLE[name], "local", partials)


# -- finite differences --------------------------------------------------------------------------


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_finite_differences_are_the_derivatives_of_every_operation_within_their_own_error(op):
    @settings(max_examples=10)
    @given(arguments(op))
    def judge(operands):
        variables = [i for i in range(len(operands)) if is_variable(op, i)]
        result = finite_difference(op.value, *operands, argnums=tuple(variables))
        for i, derivative, error in zip(variables, result.derivative, result.error, strict=True):
            truth = float(exact_partial(op.name, i)(*map(mp.mpf, operands)))
            assert abs(derivative - truth) <= PROMISED * error
            assert error <= 1e-6 * (1 + abs(truth) + abs(op.value(*operands)))

    judge()


def test_finite_differences_have_the_shape_of_the_argument():
    Pair = namedtuple("Pair", "a b")

    @dataclass
    class Layer:
        w: list
        name: str

    def f(tree):
        return tree["layer"].w[0] * tree["pair"].a + tree["pair"].b[1]

    point = {"layer": Layer([2.0, 0.0], "first"), "pair": Pair(3.0, numpy.array([0.0, 5.0]))}
    result = finite_difference(f, point)
    assert isinstance(result, FiniteDifference)
    assert result.derivative["layer"] == Layer([pytest.approx(3.0), 0.0], "first")
    assert result.derivative["pair"].a == pytest.approx(2.0, rel=DIFFERENCE)
    assert result.derivative["pair"].b == pytest.approx(numpy.array([0.0, 1.0]), rel=DIFFERENCE)
    assert all(x < DIFFERENCE for x in result.error["layer"].w)


def test_finite_differences_of_several_outputs_are_a_jacobian():
    result = finite_difference(lambda x, y: {"p": x[0] * y, "s": [x[0] + x[1]]}, [2.0, 3.0], 5.0)
    assert result.derivative["p"] == pytest.approx([5.0, 0.0], rel=DIFFERENCE)
    assert result.derivative["s"][0] == pytest.approx([1.0, 1.0], rel=DIFFERENCE)


def test_where_there_is_nothing_to_move_there_are_no_slopes():
    result = finite_difference(lambda x: {"a": 2.0, "b": [3.0]}, [])
    assert (result.derivative, result.error) == ({"a": [], "b": [[]]}, {"a": [], "b": [[]]})


def test_finite_differences_take_argnums_as_grad_does():
    def f(x, y):
        return x * y * y

    assert finite_difference(f, 2.0, 3.0, argnums=1).derivative == pytest.approx(12.0)
    assert finite_difference(f, 2.0, 3.0, argnums=(0, -1)).derivative == pytest.approx((9.0, 12.0))
    with pytest.raises(ValueError, match="argnums 2 does not name one of the 2 positional"):
        finite_difference(f, 2.0, 3.0, argnums=2)


def test_a_function_gets_floats_for_numbers_and_values_for_values():
    seen = []

    def f(x, y):
        seen.append((type(x), type(y)))
        return y.data * x

    finite_difference(f, 2, Value(3.0), argnums=(0, 1))
    assert set(seen) == {(float, Value)}


def test_a_value_at_two_places_moves_at_both():
    x = Value(3.0)
    result = finite_difference(lambda xs: xs[0] * xs[1], [x, x])
    assert result.derivative == pytest.approx([6.0, 6.0])


def test_finite_differences_leave_the_arguments_alone():
    model, x = nn.MLP(2, [3, 1], seed=0), Value(2.0)
    before = [p.data for p in model.parameters()]
    finite_difference(lambda m, x: m([x, 1.0])[0], model, x, argnums=(0, 1))
    assert [p.data for p in model.parameters()] == before
    assert x.data == 2.0
    assert x.grad == 0.0


@pytest.mark.parametrize(
    ("f", "x", "truth"),
    [
        (math.sin, 1000.0, math.cos(1000.0)),
        (lambda x: x * x, 1e6, 2e6),
        (ops.log, 1e-8, 1e8),
        (ops.relu, 1e-3, 1.0),
        (ops.exp, 700.0, math.exp(700.0)),
        (lambda x: 3.0 + 0 * x, 5.0, 0.0),
        (ops.sqrt, 1e-12, 0.5e6),
    ],
)
def test_the_step_finds_its_size_far_from_one_near_kinks_and_near_the_end_of_a_domain(f, x, truth):
    result = finite_difference(f, x)
    assert abs(result.derivative - truth) <= PROMISED * result.error
    assert result.error <= 1e-6 * (1 + abs(truth))


def test_where_nothing_is_finite_the_derivative_is_nan_and_the_error_inf():
    result = finite_difference(ops.sqrt, 0.0)
    assert math.isnan(result.derivative)
    assert result.error == math.inf


def test_a_function_without_numbers_in_its_result_has_no_differences():
    with pytest.raises(TypeError, match="a function that returns numbers"):
        finite_difference(lambda x: "text", 1.0)


# -- check_grads: right rules pass ---------------------------------------------------------------


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_every_operation_passes_to_order_two_in_both_modes(op):
    @settings(max_examples=5)
    @given(arguments(op))
    def judge(operands):
        variables = [i for i in range(len(operands)) if is_variable(op, i)]

        def f(*xs):
            moved = dict(zip(variables, xs, strict=True))
            return op(*[moved.get(i, x) for i, x in enumerate(operands)])

        check_grads(f, tuple(operands[i] for i in variables))

    judge()


@given(expressions())
def test_smooth_expressions_pass_to_order_two(expression):
    check_grads(expression, expression.leaves)


@given(expressions(kinks=True))
def test_expressions_with_kinks_pass_beside_them(expression):
    check_grads(expression, expression.leaves)


@settings(max_examples=15)
@given(expressions(size=4))
def test_smooth_expressions_pass_to_order_three(expression):
    check_grads(expression, expression.leaves, order=3)


def test_a_whole_network_passes():
    model = nn.MLP(2, [4, 4, 1], activation="tanh", seed=0)
    check_grads(lambda m, x: m(x), (model, [0.3, -0.7]))


def test_any_tree_of_arguments_and_results_passes():
    def f(a, b):
        return {"p": a["x"] * b[0], "q": (a["y"].exp(), [b[1] / a["x"]])}

    check_grads(f, ({"x": 1.5, "y": Value(0.5), "name": "a"}, [2, numpy.array(3.0)[()]]))


def test_a_constant_function_passes():
    check_grads(lambda x: 2.0, (1.0,))


def test_cancellation_is_no_failure():
    check_grads(lambda x: x / x - 1 + (x.erf()).log() * 0, (4.0,))
    check_grads(lambda x: (x + 1e9) - 1e9, (0.5,))


# -- check_grads: wrong rules fail ---------------------------------------------------------------

WRONG = {
    "a wrong partial": ("multiply", (lambda y, a, b: b, lambda y, a, b: b)),
    "a wrong sign": ("cos", (lambda y, x: ops.sin(x),)),
    "a missing factor": ("exp2", (lambda y, x: y,)),
    "a missing term": ("silu", (lambda y, x: ops.sigmoid(x),)),
    "a part in a hundred thousand": ("exp", (lambda y, x: 1.00001 * y,)),
    "a wrong operand": ("subtract", (lambda y, a, b: -1.0, lambda y, a, b: 1.0)),
    "too few": ("logsumexp", lambda y, *xs: [1.0] * len(xs)),
}


def _listed(partials):
    return partials(0.0, 0.5, 1.5) if callable(partials) else partials


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "partials"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_found_at_order_one(monkeypatch, name, partials, mode):
    op = ops.TABLE[name]
    args = (0.5,) if len(_listed(partials)) == 1 else (0.5, 1.5)
    check_grads(op, args, order=1, modes=(mode,))
    wrong(monkeypatch, name, partials)
    with pytest.raises(GradientError, match=f"in {mode} mode, order 1"):
        check_grads(op, args, order=1, modes=(mode,))


@pytest.mark.parametrize("mode", MODES)
def test_a_rule_that_is_wrong_at_order_two_alone_is_found_there(monkeypatch, mode):
    def slope(y, x):  # right as a number, but as a Value it forgets that it depends on x
        return ops.cos(x) if isinstance(x, float) else ops.cos(x.data) + 0.0 * x

    wrong(monkeypatch, "sin", (slope,))
    check_grads(ops.sin, (0.5,), order=1)
    with pytest.raises(GradientError, match=f"in {mode} over {mode} mode, order 2"):
        check_grads(ops.sin, (0.5,), modes=(mode,))


def test_every_combination_of_modes_is_tried(monkeypatch):
    tried = set()
    run = Comparison.of

    def spy(function, weights, tolerance):
        tried.add(function.modes)
        return run(function, weights, tolerance)

    monkeypatch.setattr(Comparison, "of", spy)
    check_grads(ops.sin, (0.5,), order=3)
    assert tried == {()} | {(m,) for m in MODES} | {(m, n) for m in MODES for n in MODES}


def test_the_failure_names_the_place_both_numbers_the_error_and_the_tolerance(monkeypatch):
    wrong(monkeypatch, "tanh", (lambda y, x: 1.0 - y,))

    class Neuron:
        is_module = True

        def __init__(self):
            self.weights = (Value(0.25), Value(0.5))

    def f(tree):
        return tree["layers"][1].weights[1].tanh() + tree["layers"][0].weights[0]

    with pytest.raises(GradientError) as failure:
        check_grads(f, ({"layers": [Neuron(), Neuron()]},))
    text = str(failure.value)
    assert text.startswith("the derivative by args[0]['layers'][1].weights[1] is 0.537882")
    assert "but finite differences give 0.786447" in text
    assert "±" in text
    assert "(difference 0.249, tolerance 7.8" in text
    assert text.endswith("in forward mode, order 1")


def test_the_failure_names_the_output(monkeypatch):
    wrong(monkeypatch, "exp", (lambda y, x: 2.0 * y,))
    with pytest.raises(GradientError, match=r"the derivative of f\['b'\]\[1\] by args\[1\] is"):
        check_grads(lambda x, y: {"a": x, "b": [x, y.exp()]}, (1.0, 2.0), modes=("forward",))


def test_one_wrong_number_among_hundreds_is_named():
    """A network whose 100th parameter is cut from the graph, though the result depends on it."""
    model = nn.MLP(2, [16, 16, 1], seed=0)
    place = 100

    def f(m):
        parameter = m.parameters()[place]
        return m([0.5, 0.25])[0] + 1e-3 * parameter.data - 1e-3 * 0.0 * parameter

    with pytest.raises(GradientError, match=r"args\[0\]\.layers\[1\]\.neurons\[3\]"):
        check_grads(f, (model,), order=1)
    with pytest.raises(GradientError, match=r"args\[0\]\.layers\[1\]\.neurons\[3\]"):
        check_grads(f, (model,), order=1, directions=3)


def test_a_difference_between_forward_and_reverse_is_found(monkeypatch):
    from autograd.testing import flat

    def jvp(f, primals, tangents):
        return autograd.jvp(f, primals, [[2 * t for t in tangents[0]]])

    monkeypatch.setattr(flat, "jvp", jvp)
    with pytest.raises(GradientError, match="along a random direction forward mode gives"):
        check_grads(lambda x: x * x, (3.0,))


@pytest.mark.parametrize(
    ("f", "x", "words"),
    [
        (ops.log, -1.0, "f is nan at these args: nothing to differentiate"),
        (ops.log, 0.0, "f is -inf at these args"),
        (ops.sqrt, 0.0, "is inf, but has no finite difference: f is not finite on both sides"),
        (ops.relu, 0.0, "the slope is 0 on one side and 1 on the other: if there is a kink"),
    ],
)
def test_what_is_not_finite_or_has_a_kink_is_a_failure_with_words(f, x, words):
    with pytest.raises(GradientError, match=words):
        check_grads(f, (x,))


def test_a_derivative_of_nan_beside_a_finite_difference_is_a_failure(monkeypatch):
    wrong(monkeypatch, "exp", (lambda y, x: math.nan,))
    with pytest.raises(GradientError, match=r"is nan, but finite differences give 1\."):
        check_grads(ops.exp, (0.0,))


def test_a_function_too_rough_to_judge_is_a_failure():
    noise = iter(range(10**6))

    def f(x):
        return 0.0 * x + (next(noise) * 0.618 % 1)

    with pytest.raises(GradientError, match=r"finite differences give|too rough to judge"):
        check_grads(f, (1.0,))


def test_the_tolerance_can_be_given():
    def f(x):
        return x * 1.001 - x.data * 0.001

    with pytest.raises(GradientError):
        check_grads(f, (2.0,), order=1)
    check_grads(f, (2.0,), order=1, rtol=0.01)
    check_grads(f, (2.0,), order=1, atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3.0, (1.0,)), TypeError, "a function first, not float 3.0"),
        ((abs, 1.0), TypeError, r"the tuple of f's arguments, not float 1.0: write \(x,\)"),
        ((abs, (1.0,), 0), ValueError, "order is a whole number from 1 on, not 0"),
        ((abs, (1.0,), 1.5), ValueError, "order is a whole number from 1 on, not 1.5"),
        ((abs, (1.0,), 1, "forward"), ValueError, "one or both of"),
        ((abs, (1.0,), 1, ()), ValueError, "one or both of"),
        ((abs, (1.0,), 1, ("backward",)), ValueError, "one or both of"),
        ((lambda s: 1.0, ("text",)), ValueError, "expected numbers to differentiate by"),
        ((lambda x: None, (1.0,)), TypeError, "a function that returns numbers"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_words(arguments, error, words):
    with pytest.raises(error, match=words):
        check_grads(*arguments)


def test_directions_is_a_count():
    with pytest.raises(ValueError, match="directions is None or a whole number from 1 on, not 0"):
        check_grads(abs, (1.0,), directions=0)


# -- the picture of a failure --------------------------------------------------------------------


def test_the_failing_graph_is_drawn_and_its_path_named(monkeypatch, pictures):
    wrong(monkeypatch, "sin", (lambda y, x: 1.0,))
    with pytest.raises(GradientError) as failure:
        check_grads(lambda x, y: ops.sin(x) * y, (0.5, 2.0))
    (note,) = failure.value.__notes__
    (picture,) = pictures.glob("failing-graph-*/graph.*")
    assert note == f"The failing graph is drawn in {picture}"
    text = picture.read_text(encoding="utf-8")
    assert "sin" in text
    assert "args[0]" in text


def test_the_same_failure_is_drawn_to_the_same_place(monkeypatch, pictures):
    wrong(monkeypatch, "sin", (lambda y, x: 1.0,))
    for x in (0.5, 0.5, 0.75):
        with pytest.raises(GradientError):
            check_grads(ops.sin, (x,))
    assert len(list(pictures.glob("failing-graph-*"))) == 2


def test_without_a_cache_it_is_drawn_in_a_temporary_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("AUTOGRAD_CACHE")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    wrong(monkeypatch, "sin", (lambda y, x: 1.0,))
    with pytest.raises(GradientError) as failure:
        check_grads(ops.sin, (0.5,))
    (picture,) = tmp_path.glob("failing-graph-*/graph.*")
    assert str(picture) in failure.value.__notes__[0]


def test_drawing_a_failure_leaves_the_users_own_values_alone(monkeypatch, pictures):
    wrong(monkeypatch, "sin", (lambda y, x: 1.0,))
    mine = Value(2.0)
    made = mine * 3
    x = Value(0.5)
    with pytest.raises(GradientError):
        check_grads(lambda x: ops.sin(x) * made * mine, (x,))
    assert (x.grad, mine.grad, made.grad) == (0.0, 0.0, 0.0)
    (picture,) = pictures.glob("failing-graph-*/graph.*")
    assert "12" in picture.read_text(encoding="utf-8")  # the gradient of the sine


def test_the_graph_of_a_failure_has_the_gradients_that_backward_writes():
    def f(x, y):
        return ops.sin(x * y) * x, x / y, 2.0

    x, y = Value(0.5), Value(3.0)
    product, quotient, _ = f(x, y)
    (product + quotient).backward()
    drawn = FlatFunction.of(f, Point.of((0.5, 3.0), "args")).graph()
    ours = {node.data: node.grad for node in topological_order(*drawn)}
    assert ours == {node.data: node.grad for node in topological_order(product, quotient)}


def test_a_picture_that_cannot_be_drawn_does_not_hide_the_failure(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AUTOGRAD_CACHE", str(tmp_path / "file"))
    wrong(monkeypatch, "sin", (lambda y, x: 1.0,))
    with pytest.raises(GradientError, match="finite differences give") as failure:
        check_grads(ops.sin, (0.5,))
    assert failure.value.__notes__[0].startswith("The failing graph could not be drawn: ")


# -- strategies ----------------------------------------------------------------------------------


@given(values(0.5, 2.0, label="x"))
def test_values_are_values_within_their_bounds(x):
    assert type(x) is Value
    assert 0.5 <= x.data <= 2.0
    assert x.label == "x"
    assert x.op is None


def test_values_need_bounds_in_order():
    with pytest.raises(ValueError, match="low <= high"):
        values(2.0, 1.0)


@given(st.sampled_from(DIFFERENTIABLE).flatmap(lambda op: arguments(op).map(lambda xs: (op, xs))))
def test_arguments_are_inside_the_domain_and_off_the_kinks(drawn):
    op, operands = drawn
    assert math.isfinite(op.value(*operands))
    for i, x in enumerate(operands):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        assert low < x < high or low == high
    assert op.kink is None or op.kink(*operands) > 0.1


def test_arguments_know_an_operation_by_name_and_say_which_there_are():
    arguments("atan2")
    with pytest.raises(ValueError, match="an operation with a derivative, not str 'sine': add, "):
        arguments("sine")
    with pytest.raises(ValueError, match="an operation with a derivative"):
        arguments(ops.less)


@given(expressions(kinks=True))
def test_expressions_are_moderate_and_the_same_on_floats_and_values(expression):
    result = expression(*expression.leaves)
    root = expression.graph()
    assert type(result) is float
    assert math.isfinite(result)
    assert root.data == result
    assert {node.label for node in topological_order(root) if node.op is None} <= {
        f"x{i}" for i in range(len(expression.leaves))
    }


@given(expressions(kinks=True))
def test_the_code_of_an_expression_runs_and_gives_its_value(expression):
    names = {name: getattr(autograd, name, None) for name in ops.TABLE}
    names |= {"gelu_slope": ops.gelu_slope}
    exec(repr(expression), names)
    assert names["expression"](*expression.leaves) == pytest.approx(
        expression(*expression.leaves), rel=1e-15
    )


def test_expressions_have_every_size_and_share_results():
    """A sample of the drawn ones, since a strategy may quietly draw nothing but small ones."""
    drawn = []

    @settings(max_examples=300)
    @given(expressions(size=12))
    def collect(expression):
        drawn.append(expression)

    collect()
    sizes = [len(expression.rows) for expression in drawn]
    uses = [
        [x for _, operands in expression.rows for x in operands if isinstance(x, int)]
        for expression in drawn
    ]
    assert max(sizes) >= 8
    assert sum(size >= 3 for size in sizes) >= 60
    assert sum(len(slots) > len(set(slots)) for slots in uses) >= 60
    assert len({op.name for expression in drawn for op, _ in expression.rows}) >= 30


@given(expressions(["sin", ops.multiply], size=5))
def test_expressions_use_only_the_operations_given(expression):
    assert {op.name for op, _ in expression.rows} <= {"sin", "multiply"}


def test_the_simplest_expression_is_of_one_leaf_off_every_kink():
    shrunk = settings(phases=[Phase.generate, Phase.shrink])
    assert find(expressions(), lambda expression: True, settings=shrunk).leaves == (SIMPLEST,)


def test_expressions_need_an_operation_and_a_size():
    with pytest.raises(ValueError, match="one operation at least"):
        expressions([])
    with pytest.raises(ValueError, match="size is a whole number from 1 on"):
        expressions(size=0)


def test_an_expression_needs_as_many_leaves_as_it_has():
    with pytest.raises(TypeError, match="expected 2 leaves, not 1"):
        Expression((1.0, 2.0), ((ops.add, (0, 1)),))(1.0)


SHRUNK = 3  # nodes, leaves counted
PLANTED = {
    "multiply": (lambda y, a, b: b, lambda y, a, b: 2.0 * a),
    "divide": (lambda y, a, b: ops.divide(1.0, b), lambda y, a, b: -y),
    "sin": (lambda y, x: -ops.cos(x),),
    "tanh": (lambda y, x: 1.0 - y,),
    "sum": lambda y, *xs: [2.0] * len(xs),
    "dot": lambda y, *xs: [1.0] * len(xs),
    "logsumexp": lambda y, *xs: [1.0] * len(xs),
    "cross_entropy": lambda y, label, *xs: [0.0] + [y] * len(xs),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_wrong_rule_is_found_shrinks_to_three_nodes_and_is_drawn(
    name, monkeypatch, pictures
):
    wrong(monkeypatch, name, PLANTED[name])
    failing = []

    @settings(max_examples=400, report_multiple_bugs=False, phases=[Phase.generate, Phase.shrink])
    @given(expressions())
    def property_test(expression):
        try:
            check_grads(expression, expression.leaves, order=1)
        except GradientError:
            failing.append(expression)
            raise

    with pytest.raises(GradientError) as failure:
        property_test()
    smallest = failing[-1]
    assert name in [op.name for op, _ in smallest.rows]
    assert len(topological_order(smallest.graph())) <= SHRUNK
    assert len(list(pictures.glob("failing-graph-*/graph.*"))) == 1  # of the smallest one alone
    notes = "\n".join(failure.value.__notes__)
    assert "def expression(x0" in notes
    assert f"The failing graph is drawn in {pictures}" in notes


@given(values())
def test_a_property_test_of_ones_own_function_is_three_lines(x):
    check_grads(lambda x: x / (1 + x * x).sqrt(), (x,))


def test_checks_and_differences_need_no_hypothesis_and_strategies_say_what_to_install():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from autograd.testing import *\n"
        "check_grads(lambda x: x * x, (3.0,)); finite_difference(lambda x: x, 1.0)\n"
        "for strategy in (values, expressions, lambda: arguments('sin')):\n"
        "    try: strategy()\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "strategies need Hypothesis: pip install hypothesis\n" * 3
