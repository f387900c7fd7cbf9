// Draws charts as SVG: lines with intervals, bars. Colours are classes and variables
// of the page's style sheet, so that they follow the theme. Knows no filters.

const SVG = "http://www.w3.org/2000/svg";
const MOST_POINTS = 80;
const FEW_MESSAGES = 10;

function attach(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// An SVG element, and one of the page.
function make(name, attributes = {}, ...children) {
  return attach(document.createElementNS(SVG, name), attributes, children);
}

function tag(name, attributes = {}, ...children) {
  return attach(document.createElement(name), attributes, children);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function shortDay(day) {
  const date = dateOf(day);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

function longDay(day) {
  return `${shortDay(day)} ${dateOf(day).getUTCFullYear()}`;
}

// Where to write dates under a chart: [day, text], never closer than `gap` pixels.
function dateTicks(from, to, width, gap = 62) {
  const most = Math.max(2, Math.floor(width / gap));
  const days = to - from;
  for (const step of [1, 2, 7, 14]) {
    if (days / step <= most) {
      const ticks = [];
      for (let day = bucketOf(from, step >= 7 ? "week" : "day"); day <= to; day += step) {
        if (day >= from) ticks.push([day, shortDay(day)]);
      }
      return ticks;
    }
  }
  for (const step of [1, 2, 3, 6, 12, 24, 60, 120, 240, 600]) {
    if (days / (30.4 * step) <= most) {
      const ticks = [];
      const date = dateOf(from);
      date.setUTCDate(1);
      if (step >= 12) date.setUTCMonth(0);
      let wrote = false;
      for (; date.getTime() / DAY_MS <= to; date.setUTCMonth(date.getUTCMonth() + step)) {
        const day = Math.round(date.getTime() / DAY_MS);
        if (day < from) continue;
        const year = date.getUTCFullYear();
        const month = date.getUTCMonth();
        const name = `${MONTHS[month]}${wrote && month >= step ? "" : ` ${year}`}`;
        ticks.push([day, step >= 12 ? String(year) : name]);
        wrote = true;
      }
      return ticks;
    }
  }
  return [];
}

// Round values between low and high, two to five of them.
function valueTicks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((value) => value >= rough);
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-6; at += 1) {
    ticks.push(at * step);
  }
  return ticks;
}

// The empty chart with its axes; returns the scales too.
function frame(place, { from, to, low, high, height, label, text }) {
  const width = Math.max(place.clientWidth, 240);
  const box = { left: 40, right: width - 6, top: 8, bottom: height - 20 };
  const x = (day) => box.left + ((day - from) / Math.max(to - from, 1)) * (box.right - box.left);
  const y = (value) => box.bottom - ((value - low) / (high - low || 1)) * (box.bottom - box.top);
  const svg = make("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "drawn",
  });
  for (const value of valueTicks(low, high)) {
    svg.append(
      make("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
      make("text", { class: "tick end", x: box.left - 5, y: y(value) + 4 }, text(value)),
    );
  }
  for (const [day, written] of dateTicks(from, to, box.right - box.left)) {
    if (x(day) > box.right - 20) continue;
    svg.append(
      make("line", { class: "grid", x1: x(day), x2: x(day), y1: box.bottom, y2: box.bottom + 4 }),
      make("text", { class: "tick", x: x(day), y: height - 5 }, written),
    );
  }
  place.replaceChildren(svg);
  return { svg, x, y, box };
}

// Runs of buckets without a gap: a line must not bridge what holds no message.
function runs(points) {
  const found = [];
  for (const point of points) {
    const run = found[found.length - 1];
    if (run && run[run.length - 1].end === point.start) run.push(point);
    else found.push([point]);
  }
  return found;
}

// Fields of several shifts are drawn as one, lest they darken each other; `name` says which it is.
function drawMarks({ svg, x, box }, marks, to) {
  const shown = marks
    .map((mark) => ({
      name: mark.name, start: Math.max(x(mark.start), box.left),
      end: Math.min(x(mark.end === null ? to : mark.end + 1), box.right),
    }))
    .filter((mark) => mark.end >= box.left && mark.start <= box.right)
    .sort((a, b) => a.start - b.start);
  let reached = -Infinity;
  for (const { start, end } of shown) {
    const from = Math.max(start, reached);
    if (end > from) {
      svg.append(make("rect", {
        class: "shift-band", x: from, y: box.top, width: Math.max(end - from, 2), height: box.bottom - box.top,
      }));
    }
    reached = Math.max(reached, end);
  }
  const lines = new Map();
  for (const { start, name } of shown) lines.set(start, [...new Set([...(lines.get(start) ?? []), name])]);
  let row = 0;
  let free = -Infinity;
  for (const [start, names] of lines) {
    svg.append(make("line", { class: "shift-start", x1: start, x2: start, y1: box.top, y2: box.bottom }));
    const written = names.filter(Boolean).join(", ");
    const width = written.length * 6.5;
    const isLeft = start + width > box.right;
    row = (isLeft ? start - width : start) < free ? row + 1 : 0;
    free = Math.max(free, isLeft ? start : start + width);
    // So many at once cannot be told apart; the cards above name them.
    if (row > 3) continue;
    svg.append(make("text", {
      class: isLeft ? "tick end" : "tick start", x: start + (isLeft ? -3 : 3), y: box.top + 9 + row * 12,
    }, written));
  }
}

// points: {start, end, value, low, high, n}; marks: {start, end}; levels: {start, end, value};
// earlier: points of the time before, moved under these.
function lineChart(place, { points, marks, levels, earlier, from, to, low, high, name, label, text }) {
  const drawn = frame(place, { from, to, low, high, height: 150, label, text });
  const { svg, x, y, box } = drawn;
  const middle = (point) => x(Math.min((point.start + point.end) / 2, to));
  const inside = (value) => Math.min(Math.max(value, low), high);
  drawMarks(drawn, marks, to);
  for (const level of levels) {
    const [start, end] = [Math.max(x(level.start), box.left), Math.min(x(level.end), box.right)];
    if (end <= start) continue;
    const at = y(inside(level.value));
    svg.append(make("line", { class: `level ${name}`, x1: start, x2: end, y1: at, y2: at }));
  }
  const path = (run, value) =>
    run.map((point) => `${middle(point).toFixed(1)},${y(inside(value(point))).toFixed(1)}`);
  for (const run of runs(points)) {
    const upper = path(run, (point) => point.high);
    const lower = path(run, (point) => point.low).reverse();
    svg.append(make("path", { class: `band ${name}`, d: `M${upper.join("L")}L${lower.join("L")}Z` }));
  }
  for (const run of runs(earlier)) {
    if (run.length > 1) {
      svg.append(make("path", { class: "earlier", d: `M${path(run, (p) => p.value).join("L")}` }));
    }
  }
  for (const run of runs(points)) {
    if (run.length > 1) {
      svg.append(make("path", { class: `line ${name}`, d: `M${path(run, (p) => p.value).join("L")}` }));
    }
    if (points.length > MOST_POINTS && run.length > 1) continue;
    for (const point of run) {
      const few = point.n < FEW_MESSAGES || !point.complete ? " few" : "";
      svg.append(make("circle", {
        class: `point ${name}${few}`, cx: middle(point), cy: y(inside(point.value)), r: 2.6,
      }));
    }
  }
  if (low < 0) svg.append(make("line", { class: "zero", x1: box.left, x2: box.right, y1: y(0), y2: y(0) }));
  return drawn;
}

function barChart(place, { points, marks, from, to, label }) {
  const high = Math.max(...points.map((point) => point.n + point.unscored), 1) * 1.05;
  const text = (value) => (value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : value);
  const drawn = frame(place, { from, to, low: 0, high, height: 120, label, text });
  const { svg, x, y, box } = drawn;
  drawMarks(drawn, marks, to);
  for (const point of points) {
    const left = Math.max(x(point.start), box.left);
    const width = Math.max(Math.min(x(point.end), box.right) - left - (points.length > MOST_POINTS ? 0 : 1), 0.6);
    const scored = y(point.n);
    svg.append(make("rect", { class: "bar", x: left, width, y: scored, height: box.bottom - scored }));
    if (point.unscored > 0) {
      const both = y(point.n + point.unscored);
      svg.append(make("rect", { class: "bar unscored", x: left, width, y: both, height: scored - both }));
    }
  }
  return drawn;
}
