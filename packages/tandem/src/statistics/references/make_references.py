"""Writes statistics.json: what scipy, statsmodels and scikit-learn say about fixed inputs.

    pip install numpy scipy statsmodels scikit-learn
    python make_references.py > statistics.json

The tests beside this folder compare our functions with these numbers; they need no Python.
"""

import json
import sys

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20)


def clustered(groups, size, share):
    """Yes-or-no values whose chance varies by group, and graded values likewise."""
    names, binary, graded = [], [], []
    for g in range(groups):
        chance = rng.beta(4 * share, 4 * (1 - share))
        for _ in range(rng.integers(1, size + 1)):
            names.append(f"g{g}")
            binary.append(int(rng.random() < chance))
            graded.append(round(float(np.clip(rng.normal(chance, 0.2), 0, 1)), 4))
    return names, binary, graded


def group_sums(values, names):
    order = list(dict.fromkeys(names))
    values = np.asarray(values, float)
    index = np.array([order.index(n) for n in names])
    sums = np.array([values[index == g].sum() for g in range(len(order))])
    sizes = np.array([(index == g).sum() for g in range(len(order))])
    return sums, sizes


bootstrap = []
for groups, size, share in [(12, 3, 0.5), (40, 4, 0.8), (80, 3, 0.3), (120, 1, 0.9)]:
    names, binary, graded = clustered(groups, size, share)
    for values in (binary, graded):
        sums, sizes = group_sums(values, names)
        entry = {"groups": names, "values": values}
        for method in ("BCa", "percentile"):
            r = stats.bootstrap(
                (sums, sizes),
                lambda s, n, axis=-1: s.sum(axis=axis) / n.sum(axis=axis),
                paired=True,
                method=method,
                n_resamples=200_000,
                batch=20_000,
                rng=np.random.default_rng(3),
            )
            entry[method.lower()] = [r.confidence_interval.low, r.confidence_interval.high, r.standard_error]
        bootstrap.append(entry)

sign_flip = []
for groups, size in [(6, 3), (10, 4), (13, 2)]:
    names, a_bin, a = clustered(groups, size, 0.6)
    shift = np.clip(np.asarray(a) - rng.normal(0.1, 0.15, len(a)), 0, 1).round(4).tolist()
    b_bin = [int(rng.random() < 0.35) for _ in a_bin]
    for x, y in ((a, shift), (a_bin, b_bin)):
        sums_x, _ = group_sums(x, names)
        sums_y, _ = group_sums(y, names)
        r = stats.permutation_test(
            (sums_x, sums_y),
            lambda u, v, axis=-1: (u - v).sum(axis=axis),
            vectorized=True,
            permutation_type="samples",
            n_resamples=np.inf,
        )
        sign_flip.append({"a": x, "b": y, "groups": names, "p": float(r.pvalue)})

tables = [(0, 0), (1, 0), (3, 9), (10, 2), (25, 25), (40, 61), (300, 380), (900, 1010)]
mc = [{"b": b, "c": c, "p": float(mcnemar([[5, b], [c, 7]], exact=True).pvalue)} for b, c in tables]

holm = []
for n in (1, 4, 9):
    p = rng.random(n).round(6) ** 3
    holm.append({"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()})

calibration = []
for n in (12, 60, 400):
    truth = rng.random(n)
    right = (rng.random(n) < truth).astype(int)
    score = (2.5 * (truth - 0.4) + rng.normal(0, 0.4, n)).round(2)
    a, b = _sigmoid_calibration(score.astype(float), right)
    points = np.linspace(score.min() - 0.5, score.max() + 0.5, 23).round(4)
    iso = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(score, right)
    platt = 1 / (1 + np.exp(a * points + b))
    said = np.clip(1 / (1 + np.exp(a * score + b)), 0, 1)
    bins = np.minimum((said * 10).astype(int), 9)
    ece = sum(
        (bins == k).mean() * abs(said[bins == k].mean() - right[bins == k].mean()) for k in range(10) if (bins == k).any()
    )
    calibration.append(
        {
            "scores": score.tolist(),
            "right": right.tolist(),
            "points": points.tolist(),
            "platt": platt.tolist(),
            "isotonic": iso.predict(points).tolist(),
            "said": said.tolist(),
            "brier": float(brier_score_loss(right, said)),
            "ece": float(ece),
        }
    )

ps = [1e-9, 1e-4, 0.02, 0.025, 0.2, 0.5, 0.77, 0.975, 0.99999]
xs = [-9.5, -7.5, -5.0, -2.3, -0.4, 0.0, 0.7, 1.96, 6.5, 8.0]
distributions = {
    "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in ps],
    "normalCdf": [[x, float(stats.norm.cdf(x))] for x in xs],
    "studentQuantile": [[p, d, float(stats.t.ppf(p, d))] for p in (0.001, 0.025, 0.6, 0.975) for d in (1, 2, 7, 39, 300)],
}

json.dump(
    {
        "versions": {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "bootstrap": bootstrap,
        "signFlip": sign_flip,
        "mcnemar": mc,
        "holm": holm,
        "calibration": calibration,
        "distributions": distributions,
    },
    sys.stdout,
)
