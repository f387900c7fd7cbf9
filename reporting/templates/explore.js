// The part of the page that can be filtered: reads the controls, sums up, draws, tells numbers.
// Everything written into the page goes in as text, never as markup.

const byId = (id) => document.getElementById(id);
// One digit more where so many messages make the interval narrower than the rounding.
const digitsOf = (n) => (n >= 20000 ? 1 : 0);
const percent = (share, digits = 0) => {
  const value = share * 100;
  return `${value.toFixed(value > 0 && value < 1 ? 1 : digits)} %`;
};
const points = (change, digits = 0) => {
  const written = Math.abs(change * 100).toFixed(digits);
  return Number(written) === 0 ? "0" : `${change > 0 ? "+" : "-"}${written}`;
};
const signed = (value) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)}`;
const shortened = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
const grouped = (count) => count.toLocaleString("en-US");

function bucketName(start, period) {
  if (period === "day") return longDay(start);
  if (period === "week") return `the week of ${longDay(start)}`;
  return `${MONTHS[dateOf(start).getUTCMonth()]} ${dateOf(start).getUTCFullYear()}`;
}

function makeExplorer(store) {
  const { held, first, last } = store;
  const whole = () => ({
    source: ANY, author: ANY, period: held.period, from: first, to: last,
    emotions: new Set(held.emotions.keys()),
  });
  const state = { filter: whole(), cursor: null, charts: [], buckets: [], calendar: null, calendarDay: null };

  function scopeName(filter) {
    const source = filter.source === ANY ? "all sources" : held.sources[filter.source];
    if (filter.author === ANY) return source;
    return `${source}, ${filter.author === OTHERS ? "all other authors" : `author ${held.authors[filter.author]}`}`;
  }

  // --- controls -------------------------------------------------------------------------------

  function fillControls() {
    const option = (value, text) => tag("option", { value }, text);
    byId("source").append(...held.sources.map((name, number) => option(number, name)));
    byId("author").append(...held.authors.map((name, number) => option(number, name)));
    if (held.authors.length) byId("author").append(option(OTHERS, "all others"));
    else byId("author").disabled = true;
    byId("measure").append(
      option("net", "net mood"), option("n", "messages"),
      ...held.emotions.map((name, number) => option(number, name)),
    );
    for (const id of ["from", "to"]) {
      byId(id).min = isoOf(first);
      byId(id).max = isoOf(last);
    }
  }

  function showControls() {
    const { filter } = state;
    byId("source").value = filter.source;
    byId("author").value = filter.author;
    byId("period").value = filter.period;
    byId("from").value = isoOf(filter.from);
    byId("to").value = isoOf(filter.to);
    for (const box of document.querySelectorAll("#emotions input")) {
      box.checked = filter.emotions.has(Number(box.value));
    }
    byId("whole").disabled = filter.from === first && filter.to === last;
  }

  function readControls() {
    const { filter } = state;
    filter.source = Number(byId("source").value);
    filter.author = Number(byId("author").value);
    filter.period = byId("period").value;
    const from = byId("from").value ? dayOf(byId("from").value) : first;
    const to = byId("to").value ? dayOf(byId("to").value) : last;
    filter.from = Math.max(Math.min(from, to), first);
    filter.to = Math.min(Math.max(from, to), last);
    filter.emotions = new Set(
      [...document.querySelectorAll("#emotions input:checked")].map((box) => Number(box.value)),
    );
    refresh();
  }

  function zoom(from, to) {
    state.filter.from = Math.max(Math.round(Math.min(from, to)), first);
    state.filter.to = Math.min(Math.round(Math.max(from, to)), last);
    refresh();
  }

  // --- drawing --------------------------------------------------------------------------------

  function series(buckets, value) {
    return buckets
      .filter((bucket) => bucket.n > 0)
      .map((bucket) => {
        const [at, low, high] = value(bucket);
        return { ...bucket, value: at, low, high };
      });
  }

  const shareOf = (emotion) => (bucket) => (
    [bucket.counts[emotion] / bucket.n, ...wilson(bucket.counts[emotion], bucket.n)]
  );
  const netOf = (bucket) => netMood(bucket.counts, bucket.n, held.signs);

  function marksOf(filter, emotion) {
    return held.marks
      .filter((mark) => mark.kind === "mood" && mark.author === filter.author &&
        (filter.source === ANY || mark.source === filter.source) &&
        (emotion === null ? filter.emotions.has(mark.emotion) : mark.emotion === emotion))
      .map((mark) => placed(mark, filter, emotion === null ? held.emotions[mark.emotion] : ""));
  }

  // A mark with its name: which way it went, and of which source where several are shown.
  function placed(mark, filter, what) {
    const where = filter.source === ANY && held.sources.length > 1 ? shortened(held.sources[mark.source]) : "";
    return {
      start: first + mark.start, end: mark.end === null ? null : first + mark.end,
      name: [what, mark.up ? "↑" : "↓", where].filter(Boolean).join(" "),
    };
  }

  function volumeMarks(filter) {
    return held.marks
      .filter((mark) => mark.kind !== "mood" && filter.author === ANY && (filter.source === ANY || mark.source === filter.source))
      .map((mark) => placed(mark, filter, ""));
  }

  // The mean between changes that were seen afterwards: of one source, all its authors.
  function levelsOf(filter, value) {
    const source = filter.source === ANY && held.sources.length === 1 ? 0 : filter.source;
    if (filter.author !== ANY) return [];
    return held.bands
      .filter((band) => band.source === source)
      .map((band) => {
        const [from, to] = [Math.max(first + band.start, filter.from), Math.min(first + band.end, filter.to)];
        const sum = store.total({ ...filter, from, to });
        return { start: from, end: to + 1, value: sum.n ? value(sum)[0] : null };
      })
      .filter((level) => level.value !== null);
  }

  // The range as long right before the one shown, moved under it; nothing where none is held.
  function earlierBuckets(filter) {
    const span = filter.to - filter.from + 1;
    if (filter.from - span < first) return [];
    return store.buckets({ ...filter, from: filter.from - span, to: filter.from - 1 })
      .map((bucket) => ({ ...bucket, start: bucket.start + span, end: bucket.end + span }));
  }

  function draw() {
    const { filter } = state;
    const buckets = store.buckets(filter);
    const earlier = earlierBuckets(filter);
    state.buckets = buckets;
    state.charts = [];
    const shared = { from: filter.from, to: filter.to + 1 };
    const scored = buckets.filter((bucket) => bucket.n > 0);
    const emotions = held.emotions.map((name, number) => number).filter((e) => filter.emotions.has(e));
    const net = series(buckets, netOf);
    const reach = Math.min(Math.max(...net.flatMap((p) => [Math.abs(p.low), Math.abs(p.high)]), 0.1), 1);
    // A spike's interval may leave the scale, its share never does.
    const all = emotions.flatMap((emotion) => series(buckets, shareOf(emotion)));
    const highs = all.map((point) => point.high).sort((a, b) => a - b);
    const top = Math.min(1, Math.max(
      highs[Math.floor((highs.length - 1) * 0.98)] ?? 0.1, ...all.map((p) => p.value * 1.05), 0.02,
    ));
    const by = `by ${filter.period}, ${scopeName(filter)}`;
    for (const figure of document.querySelectorAll("[data-chart]")) {
      const place = figure.querySelector(".chart");
      const what = figure.dataset.chart;
      if (what === "net") {
        const chart = lineChart(place, {
          ...shared, points: net, earlier: series(earlier, netOf), marks: marksOf(filter, null),
          levels: levelsOf(filter, netOf), low: -reach, high: reach, name: "net", label: `Net mood ${by}, with 95 % interval`,
          text: (value) => (value === 0 ? "0" : `${value > 0 ? "+" : "-"}${Math.abs(value).toFixed(reach < 0.3 ? 2 : 1)}`),
        });
        state.charts.push({ figure, place, ...chart, points: net, tell: (p) => `${signed(p.value)} (${signed(p.low)} to ${signed(p.high)})` });
      } else if (what === "volume") {
        const chart = barChart(place, {
          ...shared, points: buckets, marks: volumeMarks(filter), label: `Messages ${by}`,
        });
        state.charts.push({ figure, place, ...chart, points: buckets, tell: (p) => `${grouped(p.n)} scored, ${grouped(p.unscored)} not` });
      } else {
        const emotion = Number(what);
        figure.hidden = !filter.emotions.has(emotion);
        if (figure.hidden) continue;
        const points_ = series(buckets, shareOf(emotion));
        const chart = lineChart(place, {
          ...shared, points: points_, earlier: series(earlier, shareOf(emotion)),
          marks: marksOf(filter, emotion), levels: levelsOf(filter, shareOf(emotion)), low: 0, high: top, name: held.emotions[emotion],
          label: `Share of ${held.emotions[emotion]} ${by}, with 95 % interval`,
          text: (value) => percent(value),
        });
        state.charts.push({
          figure, place, emotion, ...chart, points: points_,
          tell: (p) => {
            const [at, low, high] = [p.value, p.low, p.high].map((share) => percent(share, digitsOf(p.n)));
            return `${at} (${low} to ${high}) of ${grouped(p.n)}`;
          },
        });
      }
    }
    byId("earlier-note").hidden = earlier.length === 0;
    byId("nothing").hidden = scored.length > 0;
    drawCalendar();
  }

  function drawCalendar() {
    const { filter } = state;
    const measure = byId("measure").value;
    const days = store.buckets({ ...filter, period: "day" }).filter((day) => day.n > 0);
    const value = (day) => (measure === "n" ? day.n : measure === "net" ? netOf(day)[0] : day.counts[Number(measure)] / day.n);
    const found = new Map(days.map((day) => [day.start, value(day)]));
    const sizes = [...found.values()].map(Math.abs).sort((a, b) => a - b);
    const full = sizes[Math.floor((sizes.length - 1) * 0.98)] || 1;
    const name = (at) => (measure === "net" ? (at < 0 ? "unpleasant" : "pleasant") : measure === "n" ? "net" : held.emotions[Number(measure)]);
    const wording = (day) => {
      const at = found.get(day.start);
      const of = `${grouped(day.n)} scored message${day.n === 1 ? "" : "s"}`;
      if (measure === "n") return of;
      return measure === "net" ? `net mood ${signed(at)}, ${of}` : `${held.emotions[Number(measure)]} ${percent(at)} of ${of}`;
    };
    const words = new Map(days.map((day) => [day.start, wording(day)]));
    const drawn = calendar(byId("calendar"), {
      from: filter.from, to: filter.to, mostYears: 10,
      shade: (day) => (found.has(day) ? { name: name(found.get(day)), strength: Math.min(Math.abs(found.get(day)) / full, 1) } : null),
      tell: (day) => words.get(day) ?? "no scored message",
      label: `${byId("measure").selectedOptions[0].textContent} of each day, ${scopeName(filter)}`,
    });
    drawn.rove(state.calendarDay);
    if (drawn.hadFocus) drawn.focus(drawn.stopDay());
    state.calendar = drawn;
    const told = measure === "n" ? grouped(Math.round(full)) : measure === "net" ? full.toFixed(2) : percent(full);
    byId("calendar-scale").textContent =
      (measure === "net"
        ? `Blue days are more pleasant than not, orange ones less; the fullest colour is ${told} and more.`
        : `The fullest colour is ${told} and more.`) +
      " Outlined days hold no scored message. One day's few messages say little." +
      (drawn.firstYear > dateOf(filter.from).getUTCFullYear() ? ` The ${drawn.lastYear - drawn.firstYear + 1} newest years are shown.` : "");
  }

  // --- numbers --------------------------------------------------------------------------------

  function summary() {
    const { filter } = state;
    const sum = store.total(filter);
    const all = sum.n + sum.unscored;
    return `${scopeName(filter)}, ${longDay(filter.from)} to ${longDay(filter.to)}: ` +
      `${grouped(sum.n)} scored messages` +
      (all ? `; ${percent(sum.unscored / all)} could not be scored` : "") +
      (sum.n ? `, the model was unsure of ${percent(sum.unsure / sum.n)}.` : ".");
  }

  // The range chosen against the one before; of the whole, its newest complete bucket.
  function compared() {
    const { filter } = state;
    const isWhole = filter.from === first && filter.to === last;
    if (!isWhole) {
      const span = filter.to - filter.from + 1;
      const isHeld = filter.from - span >= first;
      return {
        now: filter, then: { ...filter, from: filter.from - span, to: filter.from - 1 }, isHeld,
        title: `${longDay(filter.from)} to ${longDay(filter.to)}`,
        before: `the ${grouped(span)} days before${isHeld ? "" : ", as far back as this report goes"}`,
      };
    }
    const complete = state.buckets.filter((bucket) => bucket.complete && bucket.n > 0);
    const newest = complete[complete.length - 1] ?? state.buckets[state.buckets.length - 1];
    if (!newest) return null;
    const start = bucketOf(newest.start - 1, filter.period);
    return {
      now: { ...filter, from: newest.start, to: newest.end - 1 },
      then: { ...filter, from: start, to: newest.start - 1 },
      title: bucketName(newest.start, filter.period), before: `the ${filter.period} before`, isHeld: true,
    };
  }

  function compare() {
    const pair = compared();
    const body = byId("compare-rows");
    body.replaceChildren();
    if (!pair) return;
    const [now, then] = [store.total(pair.now), store.total(pair.then)];
    const digits = digitsOf(Math.min(now.n, then.n));
    byId("compare-now").textContent = pair.title;
    byId("compare-before").textContent = pair.before;
    const shown = [...held.emotions.keys()].filter((emotion) => state.filter.emotions.has(emotion));
    for (const emotion of shown) {
      const row = tag("tr", {}, tag("th", { scope: "row" }, held.emotions[emotion]));
      const count = now.counts[emotion];
      const cell = (text, interval = "") => row.append(tag("td", {}, `${text} `, tag("small", {}, interval)));
      const between = (low, high) => `(${low.replace(" %", "")} to ${high})`;
      if (now.n === 0) cell("no messages");
      else cell(percent(count / now.n, digits), between(...wilson(count, now.n).map((at) => percent(at, digits))));
      cell(then.n === 0 ? "no messages" : percent(then.counts[emotion] / then.n, digits));
      if (now.n && then.n) {
        const change = count / now.n - then.counts[emotion] / then.n;
        const [low, high] = differenceInterval(count, now.n, then.counts[emotion], then.n);
        const isClear = low > 0 || high < 0;
        cell(points(change, digits), between(points(low, digits), points(high, digits)));
        cell(isClear ? (change > 0 ? "more" : "less") : "unclear");
      } else {
        cell("");
        cell("");
      }
      body.append(row);
    }
    const sizes = tag("tr", {}, tag("th", { scope: "row" }, "messages"), tag("td", {}, grouped(now.n)), tag("td", {}, grouped(then.n)));
    sizes.append(tag("td", {}, then.n && pair.isHeld ? `${points(now.n / then.n - 1)} %` : ""), tag("td", {}, ""));
    body.append(sizes);
  }

  function numbers() {
    const rows = state.buckets.slice(-60).reverse().map((bucket) => {
      const row = tag("tr", {}, tag("th", { scope: "row" }, isoOf(bucket.start)), tag("td", {}, grouped(bucket.n)));
      row.append(tag("td", {}, bucket.n ? signed(netOf(bucket)[0]) : ""));
      row.append(...bucket.counts.map((count) => tag("td", {}, bucket.n ? percent(count / bucket.n) : "")));
      return row;
    });
    byId("number-rows").replaceChildren(...rows);
  }

  function refresh() {
    state.cursor = null;
    showControls();
    draw();
    compare();
    numbers();
    byId("summary").textContent = summary();
    for (const readout of document.querySelectorAll(".readout")) readout.textContent = "";
  }

  return { state, store, whole, scopeName, fillControls, readControls, refresh, draw, drawCalendar, zoom };
}
