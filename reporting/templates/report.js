"use strict";
(() => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();

  // Vega draws its own text: it takes the page's colours.
  function colours() {
    const page = getComputedStyle(document.documentElement);
    const ink = page.getPropertyValue("--ink").trim();
    const quiet = page.getPropertyValue("--quiet").trim();
    const line = page.getPropertyValue("--line").trim();
    return {
      background: "transparent",
      font: "system-ui, sans-serif",
      view: { stroke: null },
      mark: { color: quiet },
      line: { color: ink },
      point: { color: ink },
      area: { color: ink },
      bar: { color: quiet },
      rule: { color: quiet },
      axis: {
        labelColor: quiet, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line,
        labelFontSize: 11,
      },
      axisX: { grid: false, labelOverlap: true, tickCount: 5 },
    };
  }

  async function draw() {
    for (const place of document.querySelectorAll(".chart")) {
      const spec = specs[place.dataset.spec];
      if (!spec) continue;
      const options = {
        ...specs.options,
        theme: undefined,
        config: colours(),
        tooltip: { theme: dark.matches ? "dark" : "light" },
      };
      if (views.has(place)) views.get(place).finalize();
      views.set(place, await vegaEmbed(place, spec, options));
    }
    document.documentElement.dataset.drawn = String(views.size);
  }

  dark.addEventListener("change", draw);
  draw();
})();
