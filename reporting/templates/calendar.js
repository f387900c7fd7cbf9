// The calendar: a square a day, a column a week, a row a weekday; a block a year, on a narrow screen
// a part of one. To assistive technology it is a grid with one Tab stop that arrow keys move:
// https://www.w3.org/WAI/ARIA/apg/patterns/grid/

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const LABELS_WIDTH = 26;
// Pixels. Narrower than this, a year's weeks would be too small to hit.
const YEAR_WIDTH = 620;
//: Weeks that so many months can touch.
const COLUMNS = { 3: 14, 6: 28, 12: 54 };

const weekdayOf = (day) => modulo(day + 3, 7);

// The same day of another month, or that month's last one.
function monthsLater(day, months) {
  const date = dateOf(day);
  const wanted = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const first = Math.round(date.getTime() / DAY_MS);
  return Math.min(first + wanted, nextBucket(first, "month")) - 1;
}

// First days of the blocks that hold the time, the newest first.
function blocksOf(from, to, months) {
  const date = dateOf(from);
  date.setUTCDate(1);
  date.setUTCMonth(Math.floor(date.getUTCMonth() / months) * months);
  const blocks = [];
  for (let start = Math.round(date.getTime() / DAY_MS); start <= to; start = monthsLater(start, months)) {
    blocks.unshift(start);
  }
  return blocks;
}

// shade(day) returns {name, strength 0..1} or null, tell(day) its numbers in words.
function calendar(place, { from, to, shade, tell, mostYears, label }) {
  const width = Math.max(place.clientWidth, 300);
  const months = width >= YEAR_WIDTH ? 12 : to - from < 370 ? 3 : 6;
  const cell = Math.min(Math.floor((width - LABELS_WIDTH) / COLUMNS[months]), months === 3 ? 24 : 15);
  const lastYear = dateOf(to).getUTCFullYear();
  const firstYear = Math.max(dateOf(from).getUTCFullYear(), lastYear - mostYears + 1);
  const oldest = Math.max(from, dayOf(`${String(firstYear).padStart(4, "0")}-01-01`));
  const blocks = blocksOf(oldest, to, months);
  const blockHeight = cell * 7 + 26;
  const size = { width: LABELS_WIDTH + cell * COLUMNS[months], height: blockHeight * blocks.length };
  const svg = make("svg", {
    viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, class: "drawn", role: "grid",
    "aria-label": label, "aria-describedby": "calendar-help", "aria-readonly": "true",
    "aria-rowcount": blocks.length * 7, "aria-colcount": COLUMNS[months],
  });
  const squares = new Map();
  const write = (x, y, text) => svg.append(make("text", { class: "tick start", x, y, "aria-hidden": "true" }, text));
  blocks.forEach((start, place_) => {
    const top = place_ * blockHeight + 16;
    const end = monthsLater(start, months) - 1;
    const firstWeek = bucketOf(start, "week");
    const columnOf = (day) => Math.floor((day - firstWeek) / 7);
    for (const row of [0, 3, 6]) write(0, top + cell * (row + 0.5) + 4, WEEKDAYS[row].slice(0, 3));
    let free = 0;
    for (let month = start; month <= end; month = nextBucket(month, "month")) {
      const x = LABELS_WIDTH + columnOf(month) * cell;
      const date = dateOf(month);
      const name = `${MONTHS[date.getUTCMonth()]}${month === start ? ` ${date.getUTCFullYear()}` : ""}`;
      if (x < free) continue;
      write(x, top - 4, name);
      free = x + name.length * 6.5;
    }
    const rows = WEEKDAYS.map((_, number) => make("g", { role: "row", "aria-rowindex": place_ * 7 + number + 1 }));
    for (let day = Math.max(start, oldest); day <= Math.min(end, to); day += 1) {
      const shaded = shade(day);
      const square = make("rect", {
        class: shaded ? `day ${shaded.name}` : "day none", x: LABELS_WIDTH + columnOf(day) * cell,
        y: top + weekdayOf(day) * cell, width: cell - 1, height: cell - 1, role: "gridcell", tabindex: -1,
        "aria-colindex": columnOf(day) + 1,
        "aria-label": `${WEEKDAYS[weekdayOf(day)]}, ${longDay(day)}: ${tell(day)}`,
      });
      if (shaded) square.setAttribute("fill-opacity", (0.1 + 0.9 * shaded.strength).toFixed(2));
      squares.set(day, square);
      rows[weekdayOf(day)].append(square);
    }
    svg.append(make("g", { role: "rowgroup" }, ...rows.filter((row) => row.childNodes.length)));
  });
  // Drawn last: a neighbour would cover the square's own outline.
  const ring = make("rect", { class: "ring", width: cell + 1, height: cell + 1, "aria-hidden": "true" });
  svg.append(ring);
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(svg);
  const days = new Map([...squares].map(([day, square]) => [square, day]));
  let stop = null;

  // Let Tab lead to this day; of a day that is not shown, to the newest one.
  function rove(day) {
    const to_ = squares.get(day) ?? squares.get(to);
    stop?.setAttribute("tabindex", -1);
    stop = to_;
    stop.setAttribute("tabindex", 0);
    for (const name of ["x", "y"]) ring.setAttribute(name, stop.getAttribute(name) - 1);
  }

  // Where a key leads from a day; null for keys that do nothing here.
  function step(day, event) {
    const row = squares.get(day).parentNode;
    const inside = (at) => Math.min(Math.max(at, oldest), to);
    switch (event.key) {
      case "ArrowUp": return inside(day - 1);
      case "ArrowDown": return inside(day + 1);
      case "ArrowLeft": return day - 7 < oldest ? day : day - 7;
      case "ArrowRight": return day + 7 > to ? day : day + 7;
      case "PageUp": return inside(monthsLater(day, event.shiftKey ? -12 : -1));
      case "PageDown": return inside(monthsLater(day, event.shiftKey ? 12 : 1));
      case "Home": return event.ctrlKey ? oldest : days.get(row.firstElementChild);
      case "End": return event.ctrlKey ? to : days.get(row.lastElementChild);
      default: return null;
    }
  }

  return {
    firstYear, lastYear, rove, step, hadFocus,
    dayAt: (target) => days.get(target),
    focus: (day) => squares.get(day).focus(),
    stopDay: () => days.get(stop),
  };
}
