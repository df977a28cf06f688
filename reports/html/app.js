"use strict";
// The page's only script. Data comes from JSON elements; whatever is shown goes through textContent, never through HTML.
(() => {
  const $ = (id) => document.getElementById(id);
  const read = (id) => JSON.parse($(id).textContent);
  const data = read("index");
  const texts = data.s, cases = data.cases, causes = data.causes, outcomes = data.outcomes;
  const count = cases.name.length, skipped = outcomes.length - 1;
  const failing = new Set(["unexplained", "weaker"]);
  const badness = [0, 2, 3, 4, 1]; // PASS, INCONCLUSIVE, ERROR, FAIL, skipped

  // ---- small helpers

  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;
  const escapes = { "\r": "\\r", "\u001b": "\\e", "\u0000": "\\0" };
  const escapeChar = (found) => escapes[found] || "\\u{" + found.codePointAt(0).toString(16) + "}";
  const visible = (text) => text.replace(hidden, escapeChar);
  const oneLine = (text) => visible(text).replace(/\n/g, "\\n").replace(/\t/g, "\\t");

  function el(tag, name, text) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function add(parent, ...nodes) {
    for (const node of nodes) if (node) parent.append(node);
    return parent;
  }

  function button(text, name, act) {
    const node = el("button", name, text);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  }

  // Words in `backticks` become code.
  function ticks(node, text) {
    const parts = visible(text).split("`");
    if (parts.length % 2 === 0) return add(node, document.createTextNode(parts.join("`")));
    return add(node, ...parts.map((part, index) => (index % 2 ? el("code", "", part) : document.createTextNode(part))));
  }

  const number = (value) => value.toLocaleString("en-US");
  const plural = (value, word) => number(value) + " " + word + (value === 1 ? "" : "s");

  function ms(value) {
    if (value === null || value === undefined) return "–";
    if (value >= 10000) return (value / 1000).toFixed(1) + " s";
    return (value >= 10 ? value.toFixed(0) : value.toFixed(1)) + " ms";
  }

  const bytes = (value) => value < 10000 ? number(value) + " B"
    : value < 1e7 ? number(Math.round(value / 1000)) + " kB" : (value / 1e6).toFixed(1) + " MB";

  function chip(outcome) {
    return el("span", "chip o-" + outcomes[outcome].toLowerCase(), outcomes[outcome]);
  }

  // ---- the list: only the rows in sight exist

  const ROW = 48, SPARE = 6;
  const rows = $("rows"), space = $("space");
  const state = { text: "", outcomes: new Set(), cause: -1, finding: -1, sort: "worst" };
  const haystack = new Array(count);
  let order = [], active = 0, pool = [], drawn = false;

  function hay(row) {
    let found = haystack[row];
    if (found === undefined) {
      const why = cases.why[row] ? cases.why[row].map((line) => texts[line]).join("\n") : "";
      const parts = [cases.name, cases.operation, cases.suite, cases.old, cases.new, cases.flaky].map((column) => texts[column[row]]);
      found = haystack[row] = (parts.join("\n") + "\n" + why).toLowerCase();
    }
    return found;
  }

  const sorts = {
    plan: null,
    worst: (a, b) => badness[cases.outcome[b]] - badness[cases.outcome[a]] || a - b,
    name: (a, b) => (texts[cases.name[a]] < texts[cases.name[b]] ? -1 : texts[cases.name[a]] > texts[cases.name[b]] ? 1 : a - b),
    slow: (a, b) => (cases.newMs[b] ?? -1) - (cases.newMs[a] ?? -1) || a - b,
    slower: (a, b) => slowdown(b) - slowdown(a) || a - b,
  };

  function slowdown(row) {
    const old = cases.oldMs[row], now = cases.newMs[row];
    return old === null || now === null ? -Infinity : now - old;
  }

  function select() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const among = state.finding >= 0 ? new Set(data.findings[state.finding][11]) : null;
    order = [];
    for (let row = 0; row < count; row++) {
      if (state.outcomes.size && !state.outcomes.has(cases.outcome[row])) continue;
      if (state.cause >= 0 && !(cases.causes[row] >> state.cause & 1)) continue;
      if (among && !among.has(row)) continue;
      if (words.length && !words.every((word) => hay(row).includes(word))) continue;
      order.push(row);
    }
    if (sorts[state.sort]) order.sort(sorts[state.sort]);
    active = 0;
    space.style.height = order.length * ROW + "px";
    rows.setAttribute("aria-rowcount", order.length);
    rows.scrollTop = 0;
    $("none").hidden = order.length > 0;
    $("shown").textContent = order.length === count ? plural(count, "case") : number(order.length) + " of " + plural(count, "case");
    draw(true);
  }

  function newRow(slot) {
    const node = el("div", "row");
    node.id = "row-" + slot;
    node.setAttribute("role", "row");
    const cells = [el("span", "chip"), el("span", "name"), el("span", "num"), el("span", "num"), el("span", "tags")];
    for (const cell of cells) cell.setAttribute("role", "gridcell");
    add(cells[1], el("b"), el("small"));
    add(node, ...cells);
    rows.append(node);
    return { node, cells, at: -1 };
  }

  function fill(line, place) {
    const row = order[place], [outcome, name, status, time, tags] = line.cells;
    const old = texts[cases.old[row]], now = texts[cases.new[row]];
    line.at = place;
    line.node.hidden = false;
    line.node.style.transform = "translateY(" + place * ROW + "px)";
    line.node.setAttribute("aria-rowindex", place + 1);
    outcome.className = "chip o-" + outcomes[cases.outcome[row]].toLowerCase();
    outcome.textContent = outcomes[cases.outcome[row]];
    name.firstChild.textContent = oneLine(texts[cases.name[row]]);
    name.lastChild.textContent = oneLine(texts[cases.operation[row]]) + (cases.critical[row] ? " · critical" : "");
    status.textContent = old || now ? (old === now ? old : (old || "–") + " → " + (now || "–")) : "";
    status.classList.toggle("off", old !== now && cases.outcome[row] === 3);
    time.textContent = cases.oldMs[row] === null && cases.newMs[row] === null ? "" : ms(cases.oldMs[row]) + " → " + ms(cases.newMs[row]);
    const names = causes.filter((_, bit) => cases.causes[row] >> bit & 1);
    const flaky = texts[cases.flaky[row]];
    tags.textContent = (flaky ? "flaky " + flaky + (names.length ? " · " : "") : "") + names.join(" · ");
  }

  function draw(fresh) {
    drawn = false;
    const first = Math.max(0, Math.floor(rows.scrollTop / ROW) - SPARE);
    const need = Math.min(order.length, Math.ceil(rows.clientHeight / ROW) + 2 * SPARE);
    while (pool.length < need) pool.push(newRow(pool.length));
    for (const line of pool) if (fresh || line.at < first || line.at >= first + need) line.at = -1;
    const free = pool.filter((line) => line.at < 0);
    const there = new Set(pool.map((line) => line.at));
    for (let place = first; place < Math.min(first + need, order.length); place++) if (!there.has(place)) fill(free.pop(), place);
    for (const line of free) line.node.hidden = true;
    mark();
  }

  function mark() {
    rows.removeAttribute("aria-activedescendant");
    for (const line of pool) {
      const chosen = line.at === active && !line.node.hidden;
      line.node.setAttribute("aria-selected", chosen);
      if (chosen) rows.setAttribute("aria-activedescendant", line.node.id);
    }
  }

  function later() {
    if (!drawn) requestAnimationFrame(() => draw(false));
    drawn = true;
  }

  function go(place) {
    active = Math.max(0, Math.min(order.length - 1, place));
    const top = active * ROW, seen = rows.clientHeight;
    if (top < rows.scrollTop) rows.scrollTop = top;
    else if (top + ROW > rows.scrollTop + seen) rows.scrollTop = top + ROW - seen;
    draw(false);
  }

  rows.addEventListener("scroll", later, { passive: true });
  window.addEventListener("resize", later);
  rows.addEventListener("click", (event) => {
    const node = event.target.closest(".row");
    const line = node && pool.find((one) => one.node === node);
    if (!line || line.at < 0) return;
    active = line.at;
    mark();
    open(order[active]);
  });
  rows.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(rows.clientHeight / ROW) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count };
    if (event.key in moves) go(active + moves[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && order.length) open(order[active]);
    else return;
    event.preventDefault();
  });

  function outcomeToggles() {
    const totals = outcomes.map(() => 0);
    for (const outcome of cases.outcome) totals[outcome]++;
    const ranked = outcomes.map((_, index) => index).sort((a, b) => badness[b] - badness[a]);
    for (const index of ranked.filter((one) => totals[one])) {
      const toggle = button("", "", () => {
        const on = !state.outcomes.delete(index);
        if (on) state.outcomes.add(index);
        toggle.setAttribute("aria-pressed", on);
        select();
      });
      toggle.setAttribute("aria-pressed", "false");
      add($("by-outcome"), add(toggle, document.createTextNode(outcomes[index] + " "), el("b", "", number(totals[index]))));
    }
  }

  function causeChoices() {
    const met = cases.causes.reduce((all, one) => all | one, 0);
    causes.forEach((cause, bit) => {
      if (!(met >> bit & 1)) return;
      const choice = el("option", "", cause);
      choice.value = bit;
      $("by-cause").append(choice);
    });
  }

  function showFinding(index) {
    state.finding = index;
    const chosen = $("by-finding");
    chosen.hidden = index < 0;
    if (index >= 0) {
      chosen.textContent = "✕ only: " + oneLine(texts[data.findings[index][1]]).slice(0, 80);
      $("cases").scrollIntoView();
    }
    select();
  }

  let typing = 0;
  $("find").addEventListener("input", (event) => {
    state.text = event.target.value;
    clearTimeout(typing);
    typing = setTimeout(select, 80);
  });
  $("find").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    clearTimeout(typing);
    select();
    rows.focus();
  });
  $("by-cause").addEventListener("change", (event) => { state.cause = Number(event.target.value); select(); });
  $("sort").addEventListener("change", (event) => { state.sort = event.target.value; select(); });
  $("by-finding").addEventListener("click", () => showFinding(-1));
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-finding]");
    if (asked) showFinding(Number(asked.dataset.finding));
  });

  // ---- findings beyond those that the page was made with

  function findingCard(index) {
    const [, title, , severity, at, , old, now, remedy, note, extent, where] = data.findings[index];
    const card = el("details", "finding s-" + texts[severity]), head = el("summary"), inside = el("div", "inside");
    add(head, el("span", "chip sev-" + texts[severity], texts[severity]), el("span", "title", oneLine(texts[title])), el("span", "extent", oneLine(texts[extent])));
    const change = el("dl", "change");
    for (const [name, value] of [["place", at], ["old", old], ["new", now]]) {
      const line = el("div", name), told = el("dd");
      add(told, value === null ? el("i", "", "none") : el("code", "", oneLine(texts[value])));
      add(change, add(line, el("dt", "", name), told));
    }
    add(inside, change);
    if (note) add(inside, ticks(el("p", "note"), texts[note]));
    if (remedy) add(inside, ticks(add(el("p", "remedy"), el("b", "", "What to do")), texts[remedy]));
    add(inside, add(el("p", "where"), button("Show " + plural(where.length, "case") + " in the list", "quiet", () => showFinding(index))));
    return add(card, head, inside);
  }

  function moreFindings() {
    const more = $("more-findings");
    if (!more) return;
    const all = data.findings.map((_, index) => index).filter((index) => data.findings[index][2] > 0);
    let shown = Number(more.dataset.shown);
    more.addEventListener("click", () => {
      const next = all.slice(shown, shown + 100);
      add($("finding-list"), ...next.map(findingCard));
      shown += next.length;
      more.hidden = shown >= all.length;
      more.textContent = "Show more findings (" + number(all.length - shown) + " left)";
    });
  }

  // ---- evidence of a case: read from its piece when it is opened

  const pieces = new Map();
  const ANSWER = ["method", "url", "sentHeaders", "sentForm", "sentBody", "status", "reason", "version", "headers", "headerCount", "size", "coding", "fault", "form", "body", "bodyNote", "trouble", "detail", "phases", "certificate", "earlier", "bodyName", "sentName"];
  const TEXTUAL = new Set(["method", "url", "sentBody", "reason", "version", "coding", "fault", "body", "bodyNote", "trouble", "detail", "certificate", "bodyName", "sentName"]);
  const LISTS = new Set(["sentHeaders", "headers", "earlier"]);

  function pieceOf(row) {
    const index = cases.piece[row];
    if (index < 0) return null;
    if (!pieces.has(index)) {
      if (pieces.size > 8) pieces.clear();
      pieces.set(index, read("piece-" + index));
    }
    return pieces.get(index);
  }

  function answerOf(raw, table) {
    if (!raw) return null;
    const answer = {};
    ANSWER.forEach((key, index) => {
      const value = raw[index];
      answer[key] = TEXTUAL.has(key) ? table[value] : LISTS.has(key) ? value.map((one) => table[one]) : value;
    });
    return answer;
  }

  function pairOf(raw, table) {
    const [step, first, old, now, differences, outcome, why, broken, noise, left, captures, sameBody] = raw;
    return {
      step, newFirst: first === 1, old: answerOf(old, table), new: answerOf(now, table), outcome, noise, left, sameBody: sameBody === 1,
      why: why.map((one) => table[one]), broken: broken.map((one) => table[one]), captures: captures.map((one) => table[one]),
      differences: differences.map(([at, kind, cause, was, is, note, remedy]) => ({
        at: table[at], kind: table[kind], cause: causes[cause], old: was === null ? null : table[was],
        new: is === null ? null : table[is], note: table[note], remedy: table[remedy],
      })),
    };
  }

  // ---- JSON as lines that know their place; numbers and texts stay as they were sent

  const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/sy;
  const DEEPEST = 200; // beyond that, places would be longer than the body
  const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

  function segment(key) {
    return PLAIN.test(key) ? "." + key : "['" + key.replace(/\\/g, "\\\\").replace(/'/g, "\\'") + "']";
  }

  function keyOf(token) {
    try { return JSON.parse(token); } catch { return token.slice(1, -1); }
  }

  function jsonLines(text) {
    const lines = [], stack = [];
    let at = 0, key = null, open = null, tokens = 0;
    const inside = () => stack[stack.length - 1];
    const place = () => {
      const top = inside();
      if (!top) return "$";
      return top.path + (top.object ? segment(key === null ? "" : keyOf(key)) : "[" + top.index + "]");
    };
    const put = (words, path) => {
      const label = key === null ? "" : key + ": ";
      lines.push({ text: "  ".repeat(Math.min(stack.length, 60)) + label + words, path });
      key = null;
    };
    TOKEN.lastIndex = 0;
    for (;;) {
      const match = TOKEN.exec(text);
      if (!match) break;
      at = TOKEN.lastIndex;
      tokens++;
      const [, mark, string, scalar] = match;
      const top = inside();
      if (mark === "{" || mark === "[") {
        if (stack.length >= DEEPEST) return null;
        const path = place();
        put(mark, path);
        stack.push({ object: mark === "{", index: 0, path });
      } else if (mark === "}" || mark === "]") {
        if (!top || top.object !== (mark === "}")) return null;
        stack.pop();
        const last = lines[lines.length - 1];
        if (last.path === top.path && last.text.endsWith(mark === "}" ? "{" : "[")) last.text += mark;
        else put(mark, top.path);
      } else if (mark === ",") {
        if (!top || !lines.length) return null;
        lines[lines.length - 1].text += ",";
        top.index++;
      } else if (mark === ":") {
        if (key === null) return null;
      } else if (string && top && top.object && key === null) {
        key = string;
      } else {
        put(string || scalar, place());
      }
      if (!stack.length && mark !== "," && lines.length && TOKEN.lastIndex >= text.trimEnd().length) break;
      if (!stack.length && lines.length && tokens > 1 && !mark) return null;
    }
    const rest = text.slice(at).trim();
    if (!lines.length || (rest && tokens < 3)) return null;
    if (rest) lines.push({ text: rest, path: "" });
    return lines;
  }

  function plainLines(text) {
    return text.split("\n").map((line, index) => ({ text: line, path: "line " + (index + 1) }));
  }

  function linesOf(answer) {
    if (!answer || !answer.body) return [];
    const looksJson = /^\s*[[{"\d-]/.test(answer.body) && answer.form !== 3;
    return looksJson && jsonLines(answer.body) || plainLines(answer.body);
  }

  // ---- two lists of lines side by side: longest common subsequence, ends trimmed, by place where too long

  function align(a, b) {
    const same = (i, j) => a[i].text === b[j].text;
    const result = [];
    let start = 0, endA = a.length, endB = b.length;
    while (start < endA && start < endB && same(start, start)) start++;
    while (endA > start && endB > start && same(endA - 1, endB - 1)) { endA--; endB--; }
    for (let i = 0; i < start; i++) result.push([i, i]);
    const n = endA - start, m = endB - start;
    const matches = n && m && n * m <= 3e6 ? common(a, b, start, n, m) : [];
    let i = start, j = start;
    for (const [x, y] of [...matches, [endA, endB]]) {
      for (const pair of gap(a, b, i, x, j, y)) result.push(pair);
      if (x < endA) result.push([x, y]);
      i = x + 1;
      j = y + 1;
    }
    for (let k = 0; endA + k < a.length; k++) result.push([endA + k, endB + k]);
    return result;
  }

  function common(a, b, start, n, m) {
    const table = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1));
    for (let i = n - 1; i >= 0; i--)
      for (let j = m - 1; j >= 0; j--)
        table[i][j] = a[start + i].text === b[start + j].text ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    const found = [];
    for (let i = 0, j = 0; i < n && j < m;) {
      if (a[start + i].text === b[start + j].text) found.push([start + i++, start + j++]);
      else if (table[i + 1][j] >= table[i][j + 1]) i++;
      else j++;
    }
    return found;
  }

  function gap(a, b, i, endA, j, endB) {
    const pairs = [], places = new Map();
    for (let k = j; k < endB; k++) if (b[k].path) places.set(b[k].path, k);
    while (i < endA || j < endB) {
      const twin = i < endA ? places.get(a[i].path) : undefined;
      if (i < endA && j < endB && (a[i].path === b[j].path)) pairs.push([i++, j++]);
      else if (i < endA && (twin === undefined || twin < j)) pairs.push([i++, null]);
      else if (j < endB) pairs.push([null, j++]);
      else pairs.push([i++, null]);
    }
    return pairs;
  }

  function marked(cell, text, other) {
    const shown = visible(text);
    if (other === undefined || other === text) return add(cell, el("mark", "", shown || " "));
    const against = visible(other);
    let from = 0, to = 0;
    while (from < shown.length && from < against.length && shown[from] === against[from]) from++;
    while (to < shown.length - from && to < against.length - from && shown[shown.length - 1 - to] === against[against.length - 1 - to]) to++;
    const middle = shown.slice(from, shown.length - to);
    add(cell, document.createTextNode(shown.slice(0, from)));
    if (middle) add(cell, el("mark", "", middle));
    return add(cell, document.createTextNode(shown.slice(shown.length - to)));
  }

  function bodyRow(a, b, i, j, causeAt) {
    const was = i === null ? null : a[i], is = j === null ? null : b[j];
    const cause = causeAt((was || is).path) || (is && causeAt(is.path));
    // The same text on both sides may be what is wrong: the old side's address in the new side's answer.
    const equal = was && is && was.text === is.text && !failing.has(cause);
    const line = el("div", "brow" + (equal ? "" : cause && !failing.has(cause) ? " calm" : " differs"));
    const [left, right] = [el("span", "old"), el("span", "new")];
    if (was) equal ? left.textContent = visible(was.text) : marked(left, was.text, is ? is.text : undefined);
    if (is) equal ? right.textContent = visible(is.text) : marked(right, is.text, was ? was.text : undefined);
    if (!was) left.classList.add("gone");
    if (!is) right.classList.add("gone");
    if (!equal && cause) line.title = cause;
    return add(line, el("span", "ln", was ? i + 1 : ""), left, el("span", "ln", is ? j + 1 : ""), right);
  }

  const CONTEXT = 3, MOST = 1200;

  function bodies(pair) {
    const box = el("div", "pair");
    const a = linesOf(pair.old), b = linesOf(pair.new);
    if (!a.length && !b.length) return add(box, el("p", "info", emptyWords(pair)));
    const places = pair.differences.filter((one) => one.at.startsWith("body:")).map((one) => [one.at.slice(5), one.cause]);
    const exact = new Map(places);
    const causeAt = (path) => {
      if (!path) return null;
      if (exact.has(path)) return exact.get(path);
      const above = places.find(([place]) => path.startsWith(place) && /^[.[]/.test(path.slice(place.length)));
      return above ? above[1] : null;
    };
    const pairs = align(a, b);
    const interesting = pairs.map(([i, j]) => i === null || j === null || a[i].text !== b[j].text || failing.has(causeAt(a[i].path)));
    const near = (at) => interesting.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(Boolean);
    const keep = pairs.map((_, at) => near(at));
    if (!interesting.some(Boolean)) keep.fill(true, 0, 40);
    let budget = MOST;
    const emit = (target, from, to) => {
      for (let at = from; at < to; at++) add(target, bodyRow(a, b, pairs[at][0], pairs[at][1], causeAt));
    };
    for (let at = 0; at < pairs.length;) {
      let end = at;
      while (end < pairs.length && keep[end] === keep[at]) end++;
      const hide = (!keep[at] && end - at > 2) || budget <= 0;
      if (!hide) {
        const stop = Math.min(end, at + budget);
        emit(box, at, stop);
        budget -= stop - at;
        end = stop;
      } else {
        if (budget <= 0) end = Math.min(pairs.length, at + MOST);
        const [from, to] = [at, end];
        const fold = button("⋯ " + plural(to - from, keep[at] ? "more line" : "equal line"), "fold", () => {
          const part = document.createDocumentFragment();
          emit(part, from, to);
          fold.replaceWith(part);
        });
        add(box, fold);
      }
      at = end;
    }
    for (const side of ["old", "new"]) {
      const words = bodyWords(pair[side]);
      if (words) add(box, el("p", "info", side + ": " + words));
    }
    return box;
  }

  function emptyWords(pair) {
    const sides = [pair.old, pair.new].filter(Boolean);
    if (sides.every((one) => !one.size)) return "No body on either side.";
    if (pair.sameBody) return "The same " + bytes(pair.old.size) + " on both sides.";
    const told = ["old", "new"].map((side) => pair[side] && [side + ": " + bytes(pair[side].size), bodyWords(pair[side])].filter(Boolean).join(", "));
    return "Not shown here (" + told.filter(Boolean).join("; ") + ").";
  }

  function bodyWords(answer) {
    if (!answer) return "";
    const words = [];
    if (answer.form === 2) words.push("cut here; the whole is bodies/" + answer.bodyName);
    if (answer.form === 3) words.push("binary, its first bytes as hex; the whole is bodies/" + answer.bodyName);
    if (answer.form === 0 && answer.bodyName) words.push("see bodies/" + answer.bodyName);
    if (answer.form === 4) words.push("this page is full; see bodies/" + answer.bodyName);
    if (answer.bodyNote) words.push(answer.bodyNote);
    if (answer.fault) words.push(answer.fault);
    return visible(words.join("; "));
  }

  // ---- headers, aligned by name

  function byName(answer) {
    const found = new Map();
    const headers = answer ? answer.headers : [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i].toLowerCase();
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(headers[i + 1]);
    }
    return found;
  }

  function headerRows(pair) {
    const old = byName(pair.old), now = byName(pair.new), box = el("div", "pair headers");
    const causeOf = new Map(pair.differences.filter((one) => one.at.startsWith("header:")).map((one) => [one.at.slice(7), one.cause]));
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      const left = old.get(name) || [], right = now.get(name) || [];
      for (let i = 0; i < Math.max(left.length, right.length); i++) {
        const cause = causeOf.get(name) || "", equal = left[i] === right[i] && !failing.has(cause);
        const calm = !equal && !failing.has(cause);
        const line = el("div", "hrow " + (equal ? "same" : calm ? "calm" : "differs"));
        const [a, b] = [el("span", "old"), el("span", "new")];
        for (const [cell, mine, other] of [[a, left[i], right[i]], [b, right[i], left[i]]]) {
          if (mine === undefined) { cell.classList.add("absent"); cell.textContent = pair.old && pair.new ? "not sent" : ""; }
          else if (equal || other === undefined) cell.textContent = oneLine(mine);
          else marked(cell, oneLine(mine), oneLine(other));
        }
        add(box, add(line, el("span", "", oneLine(name)), a, b, add(el("span"), !equal && cause ? el("span", "chip c-" + cause, cause) : null)));
      }
    }
    const cut = [pair.old, pair.new].some((one) => one && one.headerCount * 2 > one.headers.length);
    if (cut) add(box, el("p", "info", "More headers than are shown; all are in the journal."));
    return box.childNodes.length ? box : add(box, el("p", "info", "No headers."));
  }

  // ---- a request as a curl command; a masked secret becomes a variable to set

  function quoted(text, side) {
    const parts = text.split(/(\[masked [^\]]*\])/);
    return parts.map((part, index) => {
      if (index % 2) {
        const name = (/^\[masked \$\{env:([A-Za-z_][A-Za-z0-9_]*)\}\]$/.exec(part) || [])[1];
        return '"${' + (name || side.toUpperCase() + "_" + (part.slice(8, -1).replace(/^credential /, "").replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "").toUpperCase() || "SECRET")) + '}"';
      }
      return part ? "'" + part.replace(/'/g, "'\\''") + "'" : "";
    }).join("") || "''";
  }

  function curl(answer, side) {
    const parts = ["curl -sS -i -g --path-as-is"], facts = data.gateways[side] || {};
    parts.push(facts.http === "2" ? "--http2" : "--http1.1");
    if (facts.connect_to) parts.push("--connect-to " + quoted("::" + facts.connect_to, side));
    if (facts.ca_file) parts.push("--cacert " + quoted(facts.ca_file, side));
    if (!facts.proxy) parts.push("--noproxy '*'");
    else if (facts.proxy !== "environment") parts.push("--proxy " + quoted(facts.proxy, side));
    if (answer.method === "HEAD") parts.push("--head");
    else if (answer.method !== "GET") parts.push("-X " + quoted(answer.method, side));
    const sent = new Set(answer.sentHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
    for (const name of ["User-Agent", "Accept", ...(answer.sentName ? ["Content-Type"] : [])]) if (!sent.has(name.toLowerCase())) parts.push("-H '" + name + ":'");
    for (let i = 0; i < answer.sentHeaders.length; i += 2) parts.push("-H " + quoted(answer.sentHeaders[i] + (answer.sentHeaders[i + 1] ? ": " + answer.sentHeaders[i + 1] : ";"), side));
    if (answer.sentName) parts.push("--data-binary '@bodies/" + answer.sentName + "'");
    parts.push(quoted(answer.url, side));
    return visible(parts.join(" \\\n  "));
  }

  function requests(pair) {
    const box = el("details", "more"), inside = el("div");
    add(box, el("summary", "", "Requests and curl commands"), inside);
    for (const side of ["old", "new"]) {
      const answer = pair[side];
      if (!answer) continue;
      const command = el("pre", "curl", curl(answer, side));
      const copy = button("Copy", "quiet", async () => {
        try { await navigator.clipboard.writeText(command.textContent); copy.textContent = "Copied"; } catch {
          const range = document.createRange();
          range.selectNodeContents(command);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          copy.textContent = "Selected";
        }
      });
      add(inside, add(el("h3", "", side), copy), command);
      if (answer.sentBody) add(inside, el("h3", "", side + ": body sent"), el("pre", "curl", visible(answer.sentBody)));
    }
    return box;
  }

  // ---- one case

  function sideCard(pair, side) {
    const answer = pair[side], card = el("div", "side " + side);
    add(card, el("p", "who", side === "old" ? "old" : "new"));
    if (!answer) return add(card, el("p", "answer", "not asked"));
    const off = pair.differences.some((one) => one.at === "status" || one.at === "response");
    const words = answer.trouble ? "No response: " + answer.trouble : answer.status + " " + answer.reason;
    add(card, add(el("p", "answer"), el("span", off ? "off" : "", oneLine(words))));
    if (answer.detail) add(card, el("p", "note", oneLine(answer.detail)));
    add(card, el("p", "target", oneLine(answer.method + " " + answer.url)));
    const [name, connect, tls, first, total] = answer.phases;
    const phases = [["name", name], ["connect", connect], ["TLS", tls], ["first byte", first], ["total", total]];
    const told = phases.filter(([, value]) => value !== null).map(([label, value]) => label + " " + ms(value));
    if (answer.version) told.unshift("HTTP/" + answer.version.replace(/^HTTP\//, ""));
    told.push(bytes(answer.size));
    if (answer.coding) told.push(answer.coding);
    add(card, el("p", "times", oneLine(told.join(" · "))));
    if (answer.certificate) add(card, el("p", "times", oneLine(answer.certificate)));
    if (answer.earlier.length) add(card, el("p", "times", oneLine("attempts before: " + answer.earlier.join("; "))));
    return card;
  }

  function differenceTable(pair) {
    const table = el("table", "diffs"), body = el("tbody"), head = el("tr");
    for (const name of ["place", "kind", "cause", "old", "new"]) add(head, el("th", "", name));
    const ranked = pair.differences.map((one) => (failing.has(one.cause) ? 0 : 1));
    const said = new Set();
    const once = (text) => text && !said.has(text) && said.add(text) ? text : "";
    const sorted = pair.differences.map((_, index) => index).sort((a, b) => ranked[a] - ranked[b] || a - b);
    for (const one of sorted.map((index) => pair.differences[index])) {
      const line = el("tr", failing.has(one.cause) ? "" : "calm"), place = add(el("td"), el("code", "", oneLine(one.at)));
      const value = (text) => add(el("td"), text === null ? el("i", "", "none") : el("code", "v", visible(text)));
      add(line, place, el("td", "kind", one.kind), add(el("td"), el("span", "chip c-" + one.cause, one.cause)), value(one.old), value(one.new));
      add(body, line);
      const note = once(one.note), remedy = once(one.remedy);
      if (!note && !remedy) continue;
      const more = el("td");
      more.colSpan = 5;
      if (note) add(more, ticks(el("p", "note"), note));
      if (remedy) add(more, ticks(add(el("p", "remedy"), el("b", "", "What to do")), remedy));
      add(body, add(el("tr", "told"), more));
    }
    const thead = add(el("thead"), head);
    return add(el("div", "scroll pair"), add(table, thead, body), pair.left > 0 ? el("p", "info", "… and " + plural(pair.left, "more difference")) : null);
  }

  // What the table of differences says anyway is not said twice.
  function reasons(lines, pairs) {
    const places = [...new Set(pairs.flatMap((pair) => pair.differences.map((one) => one.at + ": ")))];
    const told = (line) => places.some((place) => line.startsWith(place));
    const rest = lines.filter((line) => !told(line.replace(/^step \d+: /, "").replace(/^weaker than old: /, "")));
    return rest.length ? add(el("ul", "why"), ...rest.map((line) => el("li", "", oneLine(line)))) : null;
  }

  function pairNodes(pair, many) {
    const nodes = [];
    if (many) nodes.push(add(el("h3", "step"), chip(pair.outcome), document.createTextNode(" Step " + (pair.step + 1))));
    if (many) nodes.push(reasons(pair.why, [pair]));
    nodes.push(add(el("div", "sides"), sideCard(pair, "old"), sideCard(pair, "new")));
    if (pair.differences.length || pair.left > 0) nodes.push(el("h3", "", "Differences"), differenceTable(pair));
    nodes.push(el("h3", "", "Body"), bodies(pair), el("h3", "", "Headers"), headerRows(pair));
    if (pair.noise.length) {
      const told = pair.noise.map(([status, total]) => status + " in " + ms(total)).join(", ");
      nodes.push(el("p", "note", "The old side was asked again to learn what it disagrees with itself about: " + told));
    }
    if (pair.captures.length) {
      const lines = [];
      for (let i = 0; i < pair.captures.length; i += 3) lines.push(pair.captures[i] + " " + pair.captures[i + 1] + " = " + pair.captures[i + 2]);
      nodes.push(el("p", "note", "Captured: " + oneLine(lines.join("; "))));
    }
    nodes.push(requests(pair));
    return nodes;
  }

  function roundsTable(list, shown) {
    const table = el("table"), head = el("tr"), body = el("tbody");
    for (const name of ["asked", "outcome", "old", "new"]) add(head, el("th", "", name));
    for (const [round, outcome, old, now, oldMs, newMs] of list) {
      add(body, add(el("tr"), el("td", "", "#" + (round + 1) + (round === shown ? " (shown below)" : "")), add(el("td"), chip(outcome)),
        el("td", "", oneLine(old) + " in " + ms(oldMs)), el("td", "", oneLine(now) + " in " + ms(newMs))));
    }
    return add(el("div", "scroll pair"), add(table, add(el("thead"), head), body));
  }

  const dialog = $("case");
  let current = -1;

  function open(row) {
    if (!(row >= 0 && row < count)) return;
    current = row;
    const place = order.indexOf(row);
    const operation = texts[cases.operation[row]];
    $("case-h").replaceChildren(chip(cases.outcome[row]), document.createTextNode(oneLine(texts[cases.name[row]])));
    $("case-over").textContent = oneLine([texts[cases.suite[row]], operation, texts[cases.flaky[row]] && "flaky: " + texts[cases.flaky[row]] + " askings", place >= 0 && number(place + 1) + " of " + number(order.length)].filter(Boolean).join(" · "));
    $("prev").disabled = place <= 0;
    $("next").disabled = place < 0 || place >= order.length - 1;
    $("case-body").replaceChildren(...caseNodes(row).filter(Boolean));
    $("case-body").scrollTop = 0;
    if (!dialog.open) dialog.showModal();
    $("case-body").focus();
    history.replaceState(null, "", "#case-" + row);
  }

  // ---- the security matrix: decisions of a cell, facts of a check, tips and keys

  const cellOf = new Map(data.cells.map(([row, old, now, mark]) => [row, { old: texts[old], new: texts[now], mark: texts[mark] }]));

  function decisionNode(row) {
    const cell = cellOf.get(row);
    if (!cell || !(cell.old || cell.new)) return null;
    const said = ["old", "new"].filter((side) => cell[side]).map((side) => side + ": " + cell[side]);
    return add(el("p", "decided"), el("span", "swatch m-" + cell.mark.replace(/ on both$/, "").replace(/^differs as /, "").replace(/ /g, "-")), el("b", "", cell.mark), document.createTextNode(" · " + said.join(" · ")));
  }

  function table(name, heads, body) {
    const made = el("table", name), head = el("tr");
    for (const one of heads) add(head, el("th", "", one));
    return add(el("div", "scroll pair"), add(made, add(el("thead"), head), add(el("tbody"), ...body)));
  }

  const FIGURES = new Set(["load", "dns"]);
  const BESIDE = 4; // columns; what more servers said is told line by line

  // The figures of a load, and what name servers say, differ by nature: what of that is wrong is said in words, not by colour.
  function checkNodes(detail, words, figures) {
    const [, at, sides, facts, points, requests, left] = detail, nodes = [];
    const value = (index) => add(el("td"), index === null ? el("i", "", "none") : el("code", "v", visible(words[index])));
    if (points.length) {
      nodes.push(el("h3", "", "What it shows"), table("points", ["place", "outcome", "what", "old", "new"], points.flatMap(([place, title, outcome, severity, old, now, note, remedy]) => {
        const line = add(el("tr"), add(el("td"), el("code", "", oneLine(words[place]))), add(el("td"), chip(outcome)),
          el("td", "", oneLine(words[title]) + (outcome === 3 ? " (" + words[severity] + ")" : "")), value(old), value(now));
        if (!words[note] && !words[remedy]) return [line];
        const more = el("td");
        more.colSpan = 5;
        if (words[note]) add(more, ticks(el("p", "note"), words[note]));
        if (words[remedy]) add(more, ticks(add(el("p", "remedy"), el("b", "", "What to do")), words[remedy]));
        return [line, add(el("tr", "told"), more)];
      })));
    }
    if (facts.length) {
      const rowsOf = facts.map(([name, ...seen]) => add(el("tr", !figures && seen.length > 1 && new Set(seen).size > 1 ? "off" : ""), el("td", "", oneLine(words[name])), ...seen.map((one) => figures && one === null ? el("td") : value(one))));
      const turned = figures && sides.length > BESIDE && sides.length > facts.length;
      const turnedRows = () => sides.map((side, at) => add(el("tr"), el("td", "", oneLine(words[side])), ...facts.map((fact) => fact[at + 1] === null ? el("td") : value(fact[at + 1]))));
      const heads = turned ? facts.map((fact) => fact[0]) : sides;
      nodes.push(el("h3", "", "What was seen"), table("facts-of", ["", ...heads.map((one) => oneLine(words[one]))], turned ? turnedRows() : rowsOf));
    }
    if (left > 0) nodes.push(el("p", "note", "… and " + number(left) + " more in journal.jsonl"));
    const sent = requests.map(([side, many]) => oneLine(words[side]) + " " + number(many));
    nodes.push(el("p", "over", (sent.length ? "Sent: " + sent.join(", ") + ". " : "") + "Looked at " + new Date(at).toISOString().replace("T", " ").replace("Z", " UTC")));
    return nodes;
  }

  function cellWords(link) {
    const cell = link.closest("td"), heads = link.closest("table").tHead.rows[0].cells;
    const why = link.getAttribute("aria-describedby"), reason = why && $(why) ? ". " + $(why).textContent : "";
    const words = cell.parentElement.cells[0].textContent + ", " + heads[cell.cellIndex].textContent.replace(/\s+/g, " ").trim() + ": " + link.getAttribute("aria-label") + reason;
    return words.length > 400 ? words.slice(0, 400) + "…" : words;
  }

  function near(link, [down, right]) {
    let cell = link.closest("td");
    for (;;) {
      let line = cell.parentElement, at = cell.cellIndex + right;
      if (down) do line = down > 0 ? line.nextElementSibling : line.previousElementSibling; while (line && !line.offsetParent && !line.getClientRects().length);
      cell = line && line.cells[at];
      if (!cell || cell.tagName !== "TD") return null;
      const found = cell.getClientRects().length ? cell.querySelector("a") : null;
      if (found) return found;
    }
  }

  const FIT_ON_PAPER = 14; // columns; more are printed small
  const ARROWS = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
  let opener = null;

  function startMatrix() {
    for (const box of document.querySelectorAll(".mx")) {
      box.addEventListener("keydown", (event) => {
        const link = event.target.closest("td a"), next = link && event.key in ARROWS ? near(link, ARROWS[event.key]) : null;
        if (!next) return;
        event.preventDefault();
        next.focus({ preventScroll: true });
        next.closest("td").scrollIntoView({ block: "nearest", inline: "nearest" });
      });
      box.addEventListener("focusin", (event) => {
        const link = event.target.closest("td a"), place = link && link.getBoundingClientRect();
        if (link && link.matches(":focus-visible")) showTip(cellWords(link), place.right, place.bottom);
      });
      box.addEventListener("focusout", () => { $("tip").hidden = true; });
      box.addEventListener("click", (event) => { opener = event.target.closest("td a") || opener; });
    }
    for (const only of document.querySelectorAll("[data-only]")) only.addEventListener("click", () => {
      const sheet = only.closest(".sheet"), box = sheet.querySelector(".mx");
      only.setAttribute("aria-pressed", sheet.classList.toggle("only"));
      const seen = [...box.querySelectorAll("thead th")].filter((one) => one.getClientRects().length);
      box.classList.toggle("wide", seen.length > FIT_ON_PAPER + 1);
    });
  }

  function caseNodes(row) {
    const nodes = [decisionNode(row)], why = cases.why[row], piece = pieceOf(row), detail = piece && piece.d[row];
    const lines = why ? why.map((line) => texts[line]) : [];
    if (!detail) {
      nodes.push(reasons(lines, []));
      nodes.push(el("p", "note", cases.outcome[row] === skipped || !cases.rounds[row] ? "Nothing was sent for this case." : "This page is full: the evidence of this case is in journal.jsonl."));
      return nodes;
    }
    if (detail[0] === "check") {
      const told = reasons(lines, []);
      if (told && cases.outcome[row] === 0) told.classList.add("calm");
      return [...nodes, told, ...checkNodes(detail, piece.s, FIGURES.has(texts[cases.suite[row]]))];
    }
    const [round, at, raw, rounds] = detail;
    const pairs = raw.map((one) => pairOf(one, piece.s));
    nodes.push(reasons(lines, pairs));
    if (rounds) nodes.push(el("h3", "", "Askings"), roundsTable(rounds, round), el("h3", "", "Asking #" + (round + 1)));
    for (const pair of pairs) nodes.push(...pairNodes(pair, pairs.length > 1));
    nodes.push(el("p", "over", "Answered " + new Date(at).toISOString().replace("T", " ").replace("Z", " UTC")));
    return nodes;
  }

  function walk(by) {
    const place = order.indexOf(current) + by;
    if (place < 0 || place >= order.length) return;
    go(place);
    open(order[place]);
  }

  $("prev").addEventListener("click", () => walk(-1));
  $("next").addEventListener("click", () => walk(1));
  $("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    history.replaceState(null, "", opener ? "#security" : "#cases");
    $("case-body").replaceChildren();
    (opener || rows).focus({ preventScroll: true });
    opener = null;
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (dialog.open && (event.key === "j" || event.key === "k")) walk(event.key === "j" ? 1 : -1);
    else if (!dialog.open && event.key === "/") { event.preventDefault(); $("find").focus(); }
  });

  function fromAddress() {
    const match = /^#case-(\d+)$/.exec(location.hash);
    if (match) open(Number(match[1]));
  }

  // ---- theme, values on hover, print

  function theme(choice) {
    document.documentElement.dataset.theme = choice;
    try { localStorage.setItem("cutover-theme", choice); } catch { /* a page from a file may have no storage */ }
  }

  function startTheme() {
    let kept = null;
    try { kept = localStorage.getItem("cutover-theme"); } catch { /* none */ }
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
    $("theme").addEventListener("click", () => {
      const now = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
      theme(now === "dark" ? "light" : "dark");
    });
  }

  function showTip(words, x, y) {
    const tip = $("tip");
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.min(y + 16, innerHeight - tip.offsetHeight - 8) + "px";
  }

  document.addEventListener("pointermove", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    const told = at.closest("[data-tip]"), link = at.closest(".mx td a");
    showTip(told ? told.dataset.tip : link ? cellWords(link) : "", event.clientX, event.clientY);
  });
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("main details")) one.open = true;
  });
  window.addEventListener("hashchange", fromAddress);

  rows.style.maxHeight = Math.max(count, 4) * ROW + "px";
  startTheme();
  outcomeToggles();
  causeChoices();
  moreFindings();
  startMatrix();
  select();
  fromAddress();
})();
