"""How does a figure become files for a paper: PNG at 150 dpi, and PDF?

Conventions
-----------
Matplotlib's object interface alone: no pyplot, and the caller's settings are neither used nor changed.
Equal input gives equal bytes, under the same versions: no date is written.
"""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber_id.atomic_files import write_atomically
from amber_id.extras import from_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#9aa0a8",
    "axes.grid": True,
    "axes.labelcolor": "#22262c",
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.titlesize": 12,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text stays text in the PDF
    "savefig.dpi": 150,
    "text.color": "#22262c",
    "text.parse_math": False,  # a name may hold a dollar
    "xtick.color": "#565c66",
    "ytick.color": "#565c66",
}
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def draw_files(drawings: Mapping[str, Callable[["Figure"], "Figure"]], folder: Path) -> list[Path]:
    """Draw each figure into `folder`, under its name, as PNG and PDF; returns the files in that order.

    A drawing is given an empty figure. Nothing is written before all are drawn.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    with from_extra("matplotlib", "report"):
        import matplotlib as mpl
        from matplotlib.figure import Figure

    paths = []
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        drawn = {name: draw(Figure()) for name, draw in drawings.items()}
        for name, figure in drawn.items():
            for suffix, undated in _METADATA.items():
                data = io.BytesIO()
                figure.savefig(data, format=suffix, metadata=undated)
                figure.set_layout_engine("none")  # laid out once, so that both files look alike
                path = folder / f"{name}.{suffix}"
                write_atomically(path, data.getvalue())
                paths.append(path)
    return paths
