// What happens at a point of a chart: reading its numbers, by pointer or by keys, zooming by
// dragging, and opening the messages behind it.

const SHOWN_AT_ONCE = 12;

function listen(explorer) {
  const { state, store } = explorer;
  const { held } = store;
  const dialog = byId("messages");

  // --- the cursor, one for all charts ----------------------------------------------------------

  function indexNear(chart, event) {
    const area = chart.svg.getBoundingClientRect();
    const at = ((event.clientX - area.left) / area.width) * chart.svg.viewBox.baseVal.width;
    let best = null;
    chart.points.forEach((point, index) => {
      const away = Math.abs(chart.x((point.start + point.end) / 2) - at);
      if (best === null || away < best.away) best = { away, index };
    });
    return best === null ? null : best.index;
  }

  function dayNear(chart, event) {
    const area = chart.svg.getBoundingClientRect();
    const at = ((event.clientX - area.left) / area.width) * chart.svg.viewBox.baseVal.width;
    const { left, right } = chart.box;
    const part = Math.min(Math.max((at - left) / (right - left), 0), 1);
    return state.filter.from + part * (state.filter.to - state.filter.from);
  }

  function pointAt(chart, start) {
    return chart.points.find((point) => point.start === start);
  }

  function setCursor(start) {
    state.cursor = start;
    for (const chart of state.charts) {
      chart.svg.querySelector(".cursor")?.remove();
      const point = pointAt(chart, start);
      const readout = chart.figure.querySelector(".readout");
      readout.textContent = point ? chart.tell(point) : "";
      if (!point) continue;
      const at = chart.x(Math.min((point.start + point.end) / 2, state.filter.to + 1));
      chart.svg.append(make("line", { class: "cursor", x1: at, x2: at, y1: chart.box.top, y2: chart.box.bottom }));
    }
    byId("cursor-name").textContent =
      start === null ? "" : bucketName(start, state.filter.period);
  }

  function move(chart, key) {
    const { points: held_ } = chart;
    if (!held_.length) return;
    const now = held_.findIndex((point) => point.start === state.cursor);
    const steps = { ArrowLeft: now - 1, ArrowRight: now < 0 ? held_.length - 1 : now + 1, Home: 0, End: held_.length - 1 };
    const to = Math.min(Math.max(now < 0 && key === "ArrowLeft" ? held_.length - 1 : steps[key], 0), held_.length - 1);
    setCursor(held_[to].start);
    // Said aloud here and not on each move of a mouse.
    byId("said").textContent = `${bucketName(held_[to].start, state.filter.period)}: ${chart.tell(held_[to])}`;
  }

  // --- messages --------------------------------------------------------------------------------

  function message(example) {
    const text = tag("p", { dir: "auto" });
    example.pieces.forEach((piece, place) => {
      text.append(place % 2 ? tag("mark", {}, piece) : piece);
    });
    const author = held.authors[example.author];
    const footer = tag("footer", {},
      `${longDay(example.day)} · ${held.emotions[example.emotion]} ${example.score.toFixed(2)} · ` +
      `${held.sources[example.source]}${author ? ` · author ${author}` : ""}`);
    return tag("blockquote", {}, text, footer);
  }

  function openMessages(start, end, name, emotion) {
    const filter = { ...state.filter, from: Math.max(start, state.filter.from), to: Math.min(end - 1, state.filter.to) };
    const sum = store.total(filter);
    const found = store.examples(filter, emotion);
    const n = emotion === null
      ? [...filter.emotions].reduce((total, e) => total + sum.counts[e], 0)
      : sum.counts[emotion];
    byId("messages-title").textContent = `${emotion === null ? "Messages" : `Scored ${held.emotions[emotion]}`}, ${name}`;
    const scope = `${explorer.scopeName(state.filter)}: ${grouped(n)} of ${grouped(sum.n)} scored messages. `;
    byId("messages-count").textContent = scope + (!held.texts
      ? "This database keeps no texts, so none can be shown."
      : found.length === 0
        ? "None of them is held in this page; it holds a few of each time."
        : `${grouped(found.length)} of them ${found.length === 1 ? "is" : "are"} held in this page, the clearest first. Marked words are typical of the emotion here; the model reads the whole text.`);
    const list = byId("messages-list");
    const shown = found.slice(0, SHOWN_AT_ONCE);
    list.replaceChildren(...shown.map(message));
    const more = byId("messages-more");
    more.hidden = found.length <= SHOWN_AT_ONCE;
    more.onclick = () => {
      list.append(...found.slice(SHOWN_AT_ONCE).map(message));
      more.hidden = true;
    };
    if (!dialog.open) dialog.showModal();
  }

  function openPoint(chart, start) {
    const point = pointAt(chart, start);
    if (!point) return;
    openMessages(point.start, point.end, bucketName(point.start, state.filter.period), chart.emotion ?? null);
  }

  function openDay(day) {
    const measure = Number(byId("measure").value);
    openMessages(day, day + 1, longDay(day), Number.isNaN(measure) ? null : measure);
  }

  function tellDay(day) {
    const [bucket] = store.buckets({ ...state.filter, period: "day", from: day, to: day });
    byId("calendar-readout").textContent = bucket?.n
      ? `${longDay(day)}: ${held.emotions.map((name, e) => [name, bucket.counts[e]]).filter(([, n]) => n).map(([name, n]) => `${name} ${n}`).join(", ")}`
      : `${longDay(day)}: no scored message`;
  }

  // --- events ----------------------------------------------------------------------------------

  const chartOf = (target) => {
    const place = target.closest?.(".chart");
    return place ? state.charts.find((chart) => chart.place === place) : undefined;
  };
  let drag = null;
  let draggedAt = -Infinity;

  byId("explore").addEventListener("pointermove", (event) => {
    const chart = chartOf(event.target);
    if (drag) {
      const day = dayNear(drag.chart, event);
      const [from, to] = [Math.min(drag.day, day), Math.max(drag.day, day)];
      drag.far ||= Math.abs(event.clientX - drag.x) > 8;
      drag.chart.svg.querySelector(".brush")?.remove();
      if (drag.far) {
        const { box, x } = drag.chart;
        drag.chart.svg.append(make("rect", { class: "brush", x: x(from), width: x(to) - x(from), y: box.top, height: box.bottom - box.top }));
      }
      drag.to = day;
      return;
    }
    if (!chart) return;
    const index = indexNear(chart, event);
    if (index !== null && chart.points[index].start !== state.cursor) setCursor(chart.points[index].start);
  });
  byId("explore").addEventListener("pointerdown", (event) => {
    const chart = chartOf(event.target);
    // A finger scrolls; dates are the way to zoom there.
    if (chart && event.pointerType === "mouse" && event.button === 0) {
      drag = { chart, day: dayNear(chart, event), x: event.clientX, far: false, to: null };
    }
  });
  window.addEventListener("pointerup", (event) => {
    const done = drag;
    drag = null;
    if (!done?.far) return;
    draggedAt = event.timeStamp;
    explorer.zoom(done.day, done.to);
  });
  byId("explore").addEventListener("click", (event) => {
    const day = state.calendar.dayAt(event.target);
    if (day !== undefined) {
      openDay(day);
      return;
    }
    const chart = chartOf(event.target);
    // The click right after dragging is its end, no wish to see messages.
    if (!chart || event.timeStamp - draggedAt < 300) return;
    const index = indexNear(chart, event);
    if (index === null) return;
    setCursor(chart.points[index].start);
    openPoint(chart, state.cursor);
  });
  byId("explore").addEventListener("keydown", (event) => {
    const chart = chartOf(event.target);
    if (!chart) return;
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      move(chart, event.key);
      event.preventDefault();
    } else if (event.key === "Enter" && state.cursor !== null) {
      openPoint(chart, state.cursor);
      event.preventDefault();
    }
  });
  byId("calendar").addEventListener("pointermove", (event) => {
    const day = state.calendar.dayAt(event.target);
    if (day !== undefined) tellDay(day);
  });
  byId("calendar").addEventListener("focusin", (event) => {
    const day = state.calendar.dayAt(event.target);
    if (day === undefined) return;
    state.calendarDay = day;
    state.calendar.rove(day);
    tellDay(day);
  });
  byId("calendar").addEventListener("keydown", (event) => {
    const day = state.calendar.dayAt(event.target);
    if (day === undefined || event.altKey || event.metaKey) return;
    const to = state.calendar.step(day, event);
    if (to !== null) state.calendar.focus(to);
    else if (event.key === "Enter" || event.key === " ") openDay(day);
    else return;
    event.preventDefault();
  });

  byId("filters").addEventListener("change", explorer.readControls);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("measure").addEventListener("change", explorer.drawCalendar);
  byId("whole").addEventListener("click", () => explorer.zoom(store.first, store.last));
  byId("reset").addEventListener("click", () => {
    state.filter = explorer.whole();
    state.calendarDay = null;
    explorer.refresh();
  });
  byId("messages-close").addEventListener("click", () => dialog.close());
  for (const button of document.querySelectorAll("[data-show-shift]")) {
    const mark = held.marks[Number(button.dataset.showShift)];
    // The page holds no days of this author: there is nothing to show.
    if (mark.author === null) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      state.filter = { ...explorer.whole(), source: mark.source, author: mark.author };
      if (mark.emotion >= 0) state.filter.emotions = new Set(
        held.marks.filter((m) => m.source === mark.source && m.author === mark.author && m.emotion >= 0 && Math.abs(m.start - mark.start) <= 1).map((m) => m.emotion),
      );
      explorer.zoom(store.first + mark.start - 56, store.first + mark.start + 56);
      byId("explore").scrollIntoView();
      byId("explore-title").focus();
    });
  }

  // Charts drawn for a screen would be scaled down with their writing.
  const printing = (isPrinting) => {
    document.documentElement.toggleAttribute("data-printing", isPrinting);
    explorer.draw();
  };
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));

  let width = document.documentElement.clientWidth;
  window.addEventListener("resize", () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    explorer.draw();
  });
}

const held = JSON.parse(document.getElementById("held").textContent);
if (held.days > 0) {
  const explorer = makeExplorer(makeStore(held));
  explorer.fillControls();
  listen(explorer);
  explorer.refresh();
}
document.documentElement.dataset.drawn = String(document.querySelectorAll("svg.drawn").length);
