"""A transformer of one layer that learns names, in lists of lists of Value and nothing else."""

import math
import random

from autograd import Value

random.seed(11)

names = "anna elena lena nina".split()
letters = sorted(set("".join(names)))
end = len(letters)
vocabulary = end + 1

width, heads, context = 8, 2, 4
head_width = width // heads


def matrix(rows, columns, spread=0.2):
    return [[Value(random.gauss(0, spread)) for _ in range(columns)] for _ in range(rows)]


state = {
    "token": matrix(vocabulary, width),
    "place": matrix(context, width),
    "query": matrix(width, width),
    "key": matrix(width, width),
    "value": matrix(width, width),
    "mix": matrix(width, width, spread=0),
    "wide": matrix(2 * width, width),
    "narrow": matrix(width, 2 * width, spread=0),
    "letter": matrix(vocabulary, width),
}
parameters = [p for rows in state.values() for row in rows for p in row]


def linear(x, weights):
    return [sum(w * xi for w, xi in zip(row, x, strict=True)) for row in weights]


def softmax(logits):
    largest = max(v.data for v in logits)
    exps = [(v - largest).exp() for v in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rmsnorm(x):
    ms = sum(xi * xi for xi in x) / len(x)
    scale = (ms + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def attend(x, keys, values):
    q = linear(x, state["query"])
    keys.append(linear(x, state["key"]))
    values.append(linear(x, state["value"]))
    out = []
    for start in range(0, width, head_width):
        part = range(start, start + head_width)
        scores = [sum(q[j] * k[j] for j in part) / head_width**0.5 for k in keys]
        shares = softmax(scores)
        out += [sum(s * v[j] for s, v in zip(shares, values, strict=True)) for j in part]
    return linear(out, state["mix"])


def transformer(token, place, keys, values):
    """Logits of the letter that comes next; keys and values of the earlier ones are kept."""
    x = [t + p for t, p in zip(state["token"][token], state["place"][place], strict=True)]
    x = rmsnorm(x)
    x = [a + b for a, b in zip(x, attend(rmsnorm(x), keys, values), strict=True)]
    hidden = [h.relu() ** 2 for h in linear(rmsnorm(x), state["wide"])]
    x = [a + b for a, b in zip(x, linear(hidden, state["narrow"]), strict=True)]
    return linear(x, state["letter"])


first, second = [0.0] * len(parameters), [0.0] * len(parameters)
steps = 16
history = []
for step in range(steps):
    name = names[step % len(names)]
    tokens = [end, *(letters.index(letter) for letter in name), end]
    keys, values, losses = [], [], []
    for place in range(min(context, len(tokens) - 1)):
        logits = transformer(tokens[place], place, keys, values)
        losses.append(-softmax(logits)[tokens[place + 1]].log())
    loss = (1 / len(losses)) * sum(losses)
    loss.backward()

    rate = 0.05 * 0.5 * (1 + math.cos(math.pi * step / steps))
    for i, p in enumerate(parameters):
        first[i] = 0.9 * first[i] + 0.1 * p.grad
        second[i] = 0.95 * second[i] + 0.05 * p.grad**2
        corrected = first[i] / (1 - 0.9 ** (step + 1))
        scale = (second[i] / (1 - 0.95 ** (step + 1))) ** 0.5 + 1e-8
        p.data -= rate * corrected / scale
        p.grad = 0
    history.append(loss.data)
    print(f"step {step + 1:4d} / {steps:4d} | loss {loss.data:.4f}", end="\r")
print()

said = []
for _ in range(5):
    keys, values, token, sample = [], [], end, ""
    for place in range(context):
        logits = transformer(token, place, keys, values)
        chances = softmax([logit / 0.7 for logit in logits])
        [token] = random.choices(range(vocabulary), weights=[p.data for p in chances])
        if token == end:
            break
        sample += letters[token]
    said.append(sample)
print(*said)
