"use strict";
// Draws the charts from the data in the page, in the colours of the reader's light, dark or paper.
(() => {
  const charts = JSON.parse(document.getElementById("chart-data").textContent);
  const settings = { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false, doubleClick: "reset" };
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const paper = { ink: "#000000", grid: "#dddddd" };
  const divs = () => Array.from(document.querySelectorAll(".chart"));

  const screen = () => {
    const style = getComputedStyle(document.documentElement);
    return { ink: style.getPropertyValue("--ink").trim(), grid: style.getPropertyValue("--grid").trim() };
  };
  const colours = ({ ink, grid }) => ({
    "font.color": ink,
    "xaxis.gridcolor": grid, "yaxis.gridcolor": grid,
    "xaxis.linecolor": grid, "yaxis.linecolor": grid,
  });

  const { ink, grid } = screen();
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: ink };
  const draw = (div) => {
    const { data, layout } = charts[div.dataset.chart];
    for (const axis of [layout.xaxis, layout.yaxis]) Object.assign(axis, { gridcolor: grid, linecolor: grid });
    // On a touch screen a drag over a chart must scroll the page.
    Object.assign(layout, { font, dragmode: touch ? false : "zoom" });
    return Plotly.newPlot(div, data, layout, settings).then(() => { div.dataset.state = "drawn"; });
  };
  // Charts by the dozen are drawn when the reader opens them; those that are not drawn are not changed.
  const drawn = divs().filter((div) => !div.closest("details.lazy:not([open])")).map(draw);
  const shown = () => divs().filter((div) => div.dataset.state === "drawn");
  for (const details of document.querySelectorAll("details.lazy")) {
    details.addEventListener("toggle", () => {
      for (const div of details.querySelectorAll(".chart:not(.js-plotly-plot)")) draw(div);
    });
  }
  Promise.all(drawn).then(() => document.documentElement.setAttribute("data-drawn", "yes"));

  for (const button of document.querySelectorAll("button[data-scale]")) {
    button.addEventListener("click", () => {
      const low = Number(button.dataset.low);
      const log = button.dataset.scale === "log";
      Plotly.relayout(document.querySelector('.chart[data-chart="roc"]'), log
        ? { "xaxis.type": "log", "xaxis.range": [Math.log10(low), 0], "xaxis.tickformat": "~%", "xaxis.dtick": "D2" }
        : { "xaxis.type": "linear", "xaxis.range": [-0.01, 1.01], "xaxis.tickformat": ".0%", "xaxis.dtick": null });
      for (const other of document.querySelectorAll("button[data-scale]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }

  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const div of shown()) Plotly.relayout(div, colours(screen()));
  });
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not(.lazy)")) details.open = true;
    for (const div of shown()) Plotly.relayout(div, { ...colours(paper), width: Number(div.dataset.printWidth ?? 640) });
  });
  window.addEventListener("afterprint", () => {
    for (const div of shown()) Plotly.relayout(div, { ...colours(screen()), width: null, autosize: true });
  });
})();
