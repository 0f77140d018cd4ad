"""Networks on the scalar engine: layers, losses, optimisers, training, plots and data."""

from nn import datasets, names
from nn.activations import ACTIVATIONS, linear
from nn.attention import CausalSelfAttention
from nn.convolution import Conv2d
from nn.distrust import ModelFileError
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.flattening import Flatten, Unflatten
from nn.generation import generate
from nn.initialization import glorot_normal, glorot_uniform, he_normal, he_uniform
from nn.layers import Layer, Perceptron
from nn.linear_map import Linear
from nn.losses import binary_cross_entropy, cross_entropy, hinge, mse
from nn.metrics import accuracy, mean_absolute_error, r_squared
from nn.module import Module
from nn.networks import MLP, Sequential
from nn.normalization import RMSNorm
from nn.optimizers import SGD, Adam, AdamW, Optimizer, OptimizerState
from nn.plots import plot_decision_boundary, plot_hidden_features, plot_images, plot_loss
from nn.pooling import AvgPool2d, MaxPool2d
from nn.prediction import decide, predict
from nn.records import Record
from nn.saving import load, save
from nn.schedules import Constant, CosineDecay, ExponentialDecay, LinearDecay, StepDecay
from nn.text_training import fit_texts
from nn.training import fit, train
from nn.transformer import GPT, next_token_loss
from nn.watched import Watched
from nn.watching import watch

__all__ = [
    "ACTIVATIONS",
    "Adam",
    "AdamW",
    "AvgPool2d",
    "CausalSelfAttention",
    "Constant",
    "Conv2d",
    "CosineDecay",
    "Dropout",
    "Embedding",
    "ExponentialDecay",
    "Flatten",
    "GPT",
    "Layer",
    "Linear",
    "LinearDecay",
    "MLP",
    "MaxPool2d",
    "ModelFileError",
    "Module",
    "Optimizer",
    "OptimizerState",
    "Perceptron",
    "RMSNorm",
    "Record",
    "SGD",
    "Sequential",
    "StepDecay",
    "Unflatten",
    "Watched",
    "accuracy",
    "binary_cross_entropy",
    "cross_entropy",
    "datasets",
    "decide",
    "fit",
    "fit_texts",
    "generate",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "hinge",
    "linear",
    "load",
    "mean_absolute_error",
    "mse",
    "names",
    "next_token_loss",
    "plot_decision_boundary",
    "plot_hidden_features",
    "plot_images",
    "plot_loss",
    "predict",
    "r_squared",
    "save",
    "train",
    "watch",
]
