"""Trainings to watch, and event loops to watch them in."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import nn

SOON = 20.0  # seconds until something in the background must have happened


def moons_model(widths=(4, 1), **options):
    return nn.MLP(2, list(widths), seed=0, **options)


def watched_moons(data, **options):
    model = moons_model()
    given = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 12}
    return model, nn.watch(model, *data, **given | options)


def in_a_loop(coroutine):
    """Run it on an event loop of its own, in a thread where none runs yet."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def until(watched, *states):
    async with asyncio.timeout(SOON):
        while watched.state not in states:
            await asyncio.sleep(0.001)
