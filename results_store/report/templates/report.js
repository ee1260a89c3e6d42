"use strict";
// Draws the page's figures: plotly.js comes compressed in the page itself; nothing is asked of any network.
(async () => {
  const MIN_PANEL = 300, PANEL_HEIGHT = 300, ABOVE = 30, BELOW = 52, LEFT = 62, RIGHT = 14, PRINT_WIDTH = 680;
  const LETTER = 7, LINE = 15;
  const root = document.documentElement;
  const text = (id) => document.getElementById(id).textContent;

  async function inflated(encoded) {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  const longest = (axis) => Math.max(0, ...(axis.ticktext || []).map((label) => label.length));

  // A title in lines that have room.
  function broken(title, room) {
    const lines = [""];
    for (const word of title.split(" ")) {
      const last = lines[lines.length - 1];
      if (last && (last.length + word.length + 1) * LETTER > room) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines;
  }

  // Where the panels stand, side by side while each has room; margins in pixels become shares of the whole.
  function arranged(figure, width) {
    const columns = Math.max(1, Math.min(figure.panels, Math.floor(width / MIN_PANEL), 4));
    const rows = Math.ceil(figure.panels / columns);
    const names = Array.from({ length: figure.panels }, (_, number) => (number ? String(number + 1) : ""));
    const titles = (axis, room) => names.map((name) => broken(figure.layout[axis + name].title.text, room));
    const xTitles = titles("xaxis", width / columns - RIGHT), yTitles = titles("yaxis", PANEL_HEIGHT - ABOVE - BELOW);
    const more = (all) => LINE * (Math.max(...all.map((lines) => lines.length)) - 1);
    const mostX = Math.max(...names.map((name) => longest(figure.layout["xaxis" + name])));
    const mostY = Math.max(...names.map((name) => longest(figure.layout["yaxis" + name])));
    const left = (mostY ? Math.min(0.45 * width / columns, 40 + 6.5 * mostY) : LEFT) + more(yTitles);
    const isTilted = mostX * LETTER * 4 > width / columns;
    const below = (isTilted ? Math.min(170, 60 + 4.6 * mostX) : BELOW) + more(xTitles);
    const cell = { width: width / columns, height: PANEL_HEIGHT + below - BELOW };
    const height = rows * cell.height;
    const change = { width, height };
    names.forEach((name, number) => {
      const column = number % columns, row = Math.floor(number / columns);
      const x = [(column * cell.width + left) / width, ((column + 1) * cell.width - RIGHT) / width];
      const y = [1 - ((row + 1) * cell.height - below) / height, 1 - (row * cell.height + ABOVE) / height];
      change[`xaxis${name}.domain`] = x;
      change[`yaxis${name}.domain`] = y;
      change[`xaxis${name}.title.text`] = xTitles[number].join("<br>");
      change[`yaxis${name}.title.text`] = yTitles[number].join("<br>");
      if (isTilted && longest(figure.layout["xaxis" + name])) change[`xaxis${name}.tickangle`] = -40;
    });
    return change;
  }

  function withChange(layout, change) {
    for (const [path, value] of Object.entries(change)) {
      const parts = path.split(".");
      const last = parts.pop();
      parts.reduce((inner, part) => inner[part], layout)[last] = value;
    }
    return layout;
  }

  const isTouched = matchMedia("(pointer: coarse)").matches;
  const axis = { showgrid: true, gridcolor: "#e4e4e4", zeroline: false, linecolor: "#4b5563", showline: true, ticks: "outside", ticklen: 4, fixedrange: isTouched };
  const base = {
    margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: "closest", barmode: "overlay",
    dragmode: isTouched ? false : "zoom", paper_bgcolor: "#fff", plot_bgcolor: "#fff",
    font: { family: "system-ui, sans-serif", size: 12, color: "#1b1f24" }, hoverlabel: { namelength: -1 },
  };
  const figures = [];

  async function draw(plot) {
    const figure = JSON.parse(text(plot.id.replace("plot", "data")));
    for (const name of Object.keys(figure.layout)) {
      if (/^[xy]axis/.test(name)) Object.assign(figure.layout[name], { ...axis, ...figure.layout[name] });
    }
    const layout = withChange(structuredClone({ ...base, ...figure.layout }), arranged(figure, plot.clientWidth));
    await Plotly.newPlot(plot, figure.data, layout, { displayModeBar: false, responsive: false, showTips: false });
    figures.push({ plot, figure, width: plot.clientWidth });
  }

  function arrange(width) {
    for (const drawn of figures) {
      const wanted = width || drawn.plot.clientWidth;
      if (wanted && wanted !== drawn.width) Plotly.relayout(drawn.plot, arranged(drawn.figure, wanted));
      drawn.width = wanted || drawn.width;
    }
  }

  function toggle(button) {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    const plot = document.getElementById("plot-" + button.dataset.figure);
    const group = Number(button.dataset.group);
    const traces = plot.data.flatMap((trace, number) => (trace.meta === group ? [number] : []));
    if (traces.length) Plotly.restyle(plot, { visible: isShown }, traces);
    const shapes = (plot.layout.shapes || []).map((shape) => (shape.name === String(group) ? { ...shape, visible: isShown } : shape));
    Plotly.relayout(plot, { shapes });
  }

  try {
    const script = document.createElement("script");
    script.textContent = await inflated(text("plotly"));
    document.head.append(script);
    for (const plot of document.querySelectorAll(".plot")) await draw(plot);
    for (const button of document.querySelectorAll(".legend button")) button.addEventListener("click", () => toggle(button));
    let waiting;
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => arrange(), 150); });
    addEventListener("beforeprint", () => arrange(PRINT_WIDTH));
    addEventListener("afterprint", () => arrange());
    root.dataset.figures = "drawn";
  } catch (error) {
    root.dataset.figures = "failed";
    for (const plot of document.querySelectorAll(".plot")) {
      if (!plot.hasChildNodes()) plot.textContent = "This browser cannot draw the figure; its numbers stand below.";
    }
    console.error(error);
  }
})();
