"""A scalar autograd engine with a computation graph."""

from autograd.anomaly import detect_anomaly
#from autograd.functions import *
from autograd.source import trace_source
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.value import Value, topological_order
