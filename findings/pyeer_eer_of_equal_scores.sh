#!/usr/bin/env bash
# pyeer 0.5.6, 2026-12-01: scores that are all equal have an EER of 1 and an AUC of 0.
# A system that gives every comparison one score tells nothing, so one would guess 0.5 for both (ties count half), as
# scikit-learn gives for the AUC. pyeer reports the opposite of a perfect system, and with it an FNMR of 0 at every FMR. As
# soon as one score differs the figures are the usual ones: 0.25 and 0.875 for mated 0.5, 0.6 and non-mated 0.5, 0.4. An
# attacker that collapsed reads as one that inverts everything; who turns scores round "to be fair" then reads it as perfect.
# Seen: equal: EER 1 AUC 0.0 FNMR at FMR 1 % 0.0; one differs: EER 0.25 AUC 0.875.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pyeer==0.5.6 numpy==2.2.6 scikit-learn==1.7.2
"$work/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

from pyeer.eer_info import get_eer_stats
from sklearn.metrics import roc_auc_score

equal = get_eer_stats([0.5] * 4, [0.5] * 4)
differ = get_eer_stats([0.5, 0.6], [0.5, 0.4])
print("pyeer", version("pyeer"), "equal: EER", equal.eer, "AUC", equal.auc, "FNMR at FMR 1 %", equal.fmr100)
print("one differs: EER", differ.eer, "AUC", differ.auc)
assert (equal.eer, equal.auc, equal.fmr100) == (1, 0.0, 0.0), "changed: the figures of equal scores"
assert (differ.eer, differ.auc) == (0.25, 0.875), "changed: the figures of scores of which one differs"
assert roc_auc_score([1] * 4 + [0] * 4, [0.5] * 8) == 0.5
PY
