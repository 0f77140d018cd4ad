"""Networks on the scalar engine: layers, losses, optimisers, training, plots and data."""

from nn import datasets
from nn.activations import ACTIVATIONS, linear
from nn.dropout import Dropout
from nn.initialization import glorot_normal, glorot_uniform, he_normal, he_uniform
from nn.layers import Layer, Perceptron
from nn.losses import binary_cross_entropy, cross_entropy, hinge, mse
from nn.metrics import accuracy, mean_absolute_error, r_squared
from nn.module import Module
from nn.networks import MLP, Sequential
from nn.optimizers import SGD, Adam, AdamW, Optimizer, OptimizerState
from nn.plots import plot_decision_boundary, plot_hidden_features, plot_loss
from nn.prediction import decide, predict
from nn.records import Record
from nn.schedules import Constant, CosineDecay, ExponentialDecay, StepDecay
from nn.training import fit, train
from nn.watched import Watched
from nn.watching import watch

__all__ = [
    "ACTIVATIONS",
    "Adam",
    "AdamW",
    "Constant",
    "CosineDecay",
    "Dropout",
    "ExponentialDecay",
    "Layer",
    "MLP",
    "Module",
    "Optimizer",
    "OptimizerState",
    "Perceptron",
    "Record",
    "SGD",
    "Sequential",
    "StepDecay",
    "Watched",
    "accuracy",
    "binary_cross_entropy",
    "cross_entropy",
    "datasets",
    "decide",
    "fit",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "hinge",
    "linear",
    "mean_absolute_error",
    "mse",
    "plot_decision_boundary",
    "plot_hidden_features",
    "plot_loss",
    "predict",
    "r_squared",
    "train",
    "watch",
]
