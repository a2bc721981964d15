#!/usr/bin/env bash
# dp-accounting 0.6.0, 2026-12-01: a single Laplace mechanism has an infinite epsilon at delta 0.
# Laplace noise of scale b on a value of sensitivity 1 is the textbook case of pure differential privacy: epsilon is 1 / b, with
# no delta. One would guess that the accountant of privacy loss distributions, which is exact for discrete losses, gives it.
# It gives infinity at delta 0, with one query as with 51, since a probability of rounding (about 1e-16) is kept apart as an
# infinite loss; at delta 1e-12 it gives 1.0. The accountant of Renyi divergences gives infinity at 0, too. Both are on the
# safe side, but "infinite" reads as "hides nothing": epsilons of Laplace noise at delta 0 are sums, and need no accountant.
# Seen: pld: delta 0: inf, 1e-12: 1.000; 51 queries, delta 0: inf, 1e-12: 49.507; rdp: delta 0: inf, 1e-12: 1.019.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet dp-accounting==0.6.0 numpy==2.2.6 scipy==1.15.3
"$work/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import inf

from dp_accounting import LaplaceDpEvent
from dp_accounting.pld.pld_privacy_accountant import PLDAccountant
from dp_accounting.rdp.rdp_privacy_accountant import RdpAccountant


def epsilons(accountant, queries):
    accountant.compose(LaplaceDpEvent(1.0), queries)
    return accountant.get_epsilon(0), accountant.get_epsilon(1e-12)


one, many = epsilons(PLDAccountant(), 1), epsilons(PLDAccountant(), 51)
renyi = epsilons(RdpAccountant(), 1)
print("dp-accounting", version("dp-accounting"), "pld:", one, "51 queries:", many, "rdp:", renyi)
assert one[0] == many[0] == renyi[0] == inf, "changed: epsilon of Laplace noise at delta 0"
assert abs(one[1] - 1) < 1e-6, "changed: epsilon of Laplace noise at delta 1e-12"
PY
