"""What the charts of training share: colours, data, title and frame, as Vega-Lite by Altair.

The charts themselves stand in `training.judging.plots` (an evaluation),
`training.exploring.charts` and `training.drawing.attention_maps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

Spec = dict[str, Any]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.ConcatChart

#: Blue, orange, green of Okabe & Ito (2008), readable for colour-blind people.
KIND_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73")


def inline(values: Sequence[Mapping[str, object]]) -> alt.Data:
    """Return rows as a chart's data, held in the chart itself."""
    data: alt.Data = alt.Data(values=list(values))  # type: ignore[no-untyped-call]  # altair's own
    return data


def by_kind(field: str, kinds: Sequence[str]) -> alt.Color:
    """Return the colours of up to three kinds, in their order, with a legend above."""
    return alt.Color(
        f"{field}:N",
        title=None,
        sort=list(kinds),
        scale=alt.Scale(domain=list(kinds), range=list(KIND_COLOURS[: len(kinds)])),
        legend=alt.Legend(orient="top"),
    )


def titled(chart: Chart, title: str, under: str) -> Chart:
    """Return the chart with a title and, smaller, a line under it."""
    return chart.properties(title=alt.TitleParams(title, subtitle=under, anchor="start"))


def framed(chart: Chart) -> Spec:
    """Return the finished chart on white, with room around."""
    spec: Spec = chart.properties(background="white", padding=12).to_dict()
    return spec
