// Sums up what the page holds: days, sources and authors become buckets with shares and intervals.
// The layout is that of reporting/explorer.py; the formulas are those of reporting/trends.py and
// reporting/comparison.py. Days are numbered from 1970-01-01, by the calendar alone.

const DAY_MS = 86400000;
const Z95 = 1.959964;
const OTHERS = -2; // the author "all others"
const ANY = -1; // every source, every author

function modulo(value, by) {
  return ((value % by) + by) % by;
}

function dayOf(iso) {
  return Math.round(Date.parse(`${iso}T00:00:00Z`) / DAY_MS);
}

function dateOf(day) {
  return new Date(day * DAY_MS);
}

function isoOf(day) {
  return dateOf(day).toISOString().slice(0, 10);
}

// The first day of a day's bucket and of the one after it.
function bucketOf(day, period) {
  if (period === "day") return day;
  if (period === "week") return day - modulo(day + 3, 7); // 1970-01-01 was a Thursday
  const date = dateOf(day);
  date.setUTCDate(1);
  return Math.round(date.getTime() / DAY_MS);
}

function nextBucket(start, period) {
  if (period === "day") return start + 1;
  if (period === "week") return start + 7;
  const date = dateOf(start);
  date.setUTCMonth(date.getUTCMonth() + 1);
  return Math.round(date.getTime() / DAY_MS);
}

// Wilson (1927): the 95 % interval of a share.
function wilson(count, n) {
  const share = count / n;
  const shrink = 1 + (Z95 * Z95) / n;
  const centre = (share + (Z95 * Z95) / (2 * n)) / shrink;
  const half =
    (Z95 * Math.sqrt((share * (1 - share)) / n + (Z95 * Z95) / (4 * n * n))) / shrink;
  return [Math.max(centre - half, 0), Math.min(centre + half, 1)];
}

// Newcombe (1998), method 10: the 95 % interval of a difference of two shares.
function differenceInterval(count, n, countBefore, nBefore) {
  const now = count / n;
  const before = countBefore / nBefore;
  const [low, high] = wilson(count, n);
  const [lowBefore, highBefore] = wilson(countBefore, nBefore);
  return [
    now - before - Math.hypot(now - low, highBefore - before),
    now - before + Math.hypot(high - now, before - lowBefore),
  ];
}

// (joy + love) - (sadness + anger + fear + disgust), with its 95 % interval.
function netMood(counts, n, signs) {
  let pleasant = 0;
  let unpleasant = 0;
  signs.forEach((sign, emotion) => {
    if (sign > 0) pleasant += counts[emotion];
    if (sign < 0) unpleasant += counts[emotion];
  });
  const net = (pleasant - unpleasant) / n;
  const spread = Math.max((pleasant + unpleasant) / n - net * net, 0);
  const half = Z95 * Math.sqrt(spread / n);
  return [net, Math.max(net - half, -1), Math.min(net + half, 1)];
}

function makeStore(held) {
  const first = dayOf(held.first);
  const last = first + held.days - 1;
  const nEmotions = held.emotions.length;
  const unscored = nEmotions;
  const unsure = nEmotions + 1;
  let people = null;

  // Authors are read when one is first chosen: they are most of what the page holds.
  function peopleColumns() {
    if (people === null) {
      people = JSON.parse(document.getElementById("people").textContent);
    }
    return people;
  }

  function addRows(cells, columns, filter, weight) {
    const { day, source, author, counts } = columns;
    for (let row = 0; row < day.length; row += 1) {
      if (filter.source !== ANY && source[row] !== filter.source) continue;
      if (author && filter.author >= 0 && author[row] !== filter.author) continue;
      const at = first + day[row];
      if (at < filter.from || at > filter.to) continue;
      const start = bucketOf(at, filter.period);
      let cell = cells.get(start);
      if (!cell) {
        cell = new Array(nEmotions + 2).fill(0);
        cells.set(start, cell);
      }
      for (let name = 0; name < cell.length; name += 1) {
        cell[name] += weight * counts[name][row];
      }
    }
  }

  // One line a bucket that holds messages, oldest first.
  function buckets(filter) {
    const cells = new Map();
    if (filter.author >= 0) {
      addRows(cells, peopleColumns(), filter, 1);
    } else {
      addRows(cells, held.counts, filter, 1);
      if (filter.author === OTHERS) addRows(cells, peopleColumns(), filter, -1);
    }
    return [...cells]
      .sort((a, b) => a[0] - b[0])
      .map(([start, cell]) => {
        const counts = cell.slice(0, nEmotions);
        const n = counts.reduce((sum, count) => sum + count, 0);
        const end = nextBucket(start, filter.period);
        return {
          start,
          end,
          counts,
          n,
          unscored: cell[unscored],
          unsure: cell[unsure],
          complete:
            start >= Math.max(filter.from, first) &&
            end - 1 <= Math.min(filter.to, first + held.complete),
        };
      })
      .filter((bucket) => bucket.n + bucket.unscored > 0);
  }

  function total(filter) {
    const sum = { n: 0, unscored: 0, unsure: 0, counts: new Array(nEmotions).fill(0) };
    for (const bucket of buckets(filter)) {
      sum.n += bucket.n;
      sum.unscored += bucket.unscored;
      sum.unsure += bucket.unsure;
      bucket.counts.forEach((count, emotion) => { sum.counts[emotion] += count; });
    }
    return sum;
  }

  // Messages held in the page that fit, the clearest first.
  function examples(filter, emotion) {
    const isListed = (author) => author >= 0;
    return held.examples
      .filter(([day, source, author, scored]) =>
        first + day >= filter.from && first + day <= filter.to &&
        (filter.source === ANY || source === filter.source) &&
        (filter.author === ANY ||
          (filter.author === OTHERS ? !isListed(author) : author === filter.author)) &&
        (emotion === null ? filter.emotions.has(scored) : scored === emotion))
      .map(([day, source, author, scored, score, pieces]) => (
        { day: first + day, source, author, emotion: scored, score: score / 100, pieces }
      ))
      .sort((a, b) => b.score - a.score);
  }

  return { held, first, last, buckets, total, examples };
}
