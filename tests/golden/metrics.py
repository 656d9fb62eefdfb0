"""Random scores with ties, measured by scikit-learn and numpy -> metrics.json, the golden vectors of trainer's metrics.

Independent of this project's code. Run it again only to add cases:

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install scikit-learn==1.9.1
    /tmp/golden/bin/python tests/golden/metrics.py

Conventions: a score is P(bona fide), a presentation is bona fide at or above the threshold, F1's positive class is bona
fide, and each class weighs as much as the other; the equal error rate is where the ROC polyline (no point dropped) has
false positive rate = false negative rate.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score, roc_curve


def rates(bona_fide, scores, threshold):
    accepted = scores >= threshold
    (_, accepted_attacks), (refused, _) = confusion_matrix(bona_fide, accepted, labels=[False, True])
    bpcer, apcer = refused / bona_fide.sum(), accepted_attacks / (~bona_fide).sum()
    balanced = np.where(bona_fide, 1 / bona_fide.sum(), 1 / (~bona_fide).sum())
    f1 = f1_score(bona_fide, accepted, pos_label=True, sample_weight=balanced, zero_division=0)
    return {"threshold": float(threshold), "bpcer": bpcer, "apcer": apcer, "acer": (bpcer + apcer) / 2, "f1": f1}


def interval(statistic, people, rng, resamples=4000):
    values = []
    for _ in range(resamples):
        index = np.concatenate([people[person] for person in rng.integers(0, len(people), len(people))])
        values.append(statistic(index))
    return list(np.percentile(values, [2.5, 97.5]))


def case(name, rng, count, separation, decimals, subjects):
    bona_fide = rng.random(count) < 0.45
    logits = np.where(bona_fide, separation, -separation) + rng.normal(0, 2, count)
    scores = 1 / (1 + np.exp(-logits))
    scores = (np.round(scores, decimals) if decimals else scores).astype(np.float32)
    subject = rng.integers(0, subjects, count)
    species = np.where(rng.random(count) < 0.6, "print", "replay/phone")

    apcer, accepted, thresholds = roc_curve(bona_fide, scores, drop_intermediate=False)
    bpcer = 1 - accepted
    best = int(np.argmin(apcer + bpcer))
    # The lowest BPCER at which no species' APCER is above the target, from one ROC curve for each species.
    at = []
    for target in (0.01, 0.05, 0.1):
        allowed = []
        for threshold in thresholds:
            passed = scores >= threshold
            worst = max(passed[~bona_fide & (species == kind)].mean() for kind in ("print", "replay/phone"))
            if worst <= target:
                allowed.append((1 - passed[bona_fide].mean(), worst))
        lowest, worst = min(allowed, key=lambda of: (of[0], -of[1]))
        at.append({"target": target, "bpcer": lowest, "apcer": worst})
    people = [np.flatnonzero(subject == person) for person in range(subjects)]
    people = [of for of in people if len(of)]
    fixed = 0.5
    bpcer_of = lambda index: (scores[index][bona_fide[index]] < fixed).mean()
    auc_of = lambda index: roc_auc_score(bona_fide[index], scores[index])
    return {
        "name": name,
        "scores": [float(score) for score in scores],
        "attacks": [None if genuine else str(kind) for genuine, kind in zip(bona_fide, species)],
        "subjects": [int(person) for person in subject],
        "auc": roc_auc_score(bona_fide, scores),
        "eer": brentq(lambda x: np.interp(x, apcer, accepted) + x - 1, 0, 1, xtol=1e-12),
        "rates": [rates(bona_fide, scores, threshold) for threshold in (0.25, 0.5, 0.8)],
        "best_acer": float((apcer[best] + bpcer[best]) / 2),
        "at_apcer": at,
        "intervals": {"bpcer_at_half": interval(bpcer_of, people, rng), "auc": interval(auc_of, people, rng)},
    }


rng = np.random.default_rng(20261123)
cases = [
    case("continuous", rng, 400, 1.5, None, 80),
    case("two decimals", rng, 400, 1.5, 2, 80),
    case("one decimal, many ties", rng, 300, 0.7, 1, 60),
    case("nearly separated", rng, 300, 5.0, 3, 60),
    case("no better than chance", rng, 200, 0.0, 2, 50),
]
path = Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(of) for of in cases) + "\n]\n")
print(path, path.stat().st_size, "bytes")
