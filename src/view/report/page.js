// Draws the report: snapshots of the readout sentences, curves, verdicts. Reads the JSON beside it and nothing else.
// Text from the run enters the page through textContent only.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;

  // ---- words and numbers -------------------------------------------------------------------------------------------
  const WORDS = JSON.parse(document.getElementById("words").textContent);
  const lang = () => (root.lang === "pt" ? "pt" : "en");
  const t = () => WORDS[lang()];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const formats = new Map();
  const format = (value, options) => {
    const key = lang() + JSON.stringify(options);
    if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(lang() === "pt" ? "pt-BR" : "en-US", { useGrouping: "always", ...options }));
    return formats.get(key).format(value);
  };
  const fixed = (value, digits) => format(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const short = (value) => (value >= 1e4 ? fixed(value, 0) : format(value, { maximumSignificantDigits: 3 }));
  const percent = (share, digits = 0) => `${fixed(share * 100, digits)}%`;

  // ---- small builders ------------------------------------------------------------------------------------------------
  const set = (node, attributes) => { for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value); return node; };
  const add = (node, children) => { for (const child of children) if (child !== null && child !== undefined) node.append(child); return node; };
  const el = (tag, attributes = {}, ...children) => add(set(document.createElement(tag), attributes), children);
  const svg = (tag, attributes = {}, ...children) => add(set(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes), children);
  const at = (id) => document.getElementById(id);
  const redraws = [];

  // ---- readouts: what was said of each sentence at each step ---------------------------------------------------------------
  const readouts = data.readouts;
  let moment = Math.max(readouts.steps.length - 1, 0);
  let picked = null; // [sentence, token]
  let timer = null;
  const onMoment = [];
  const goTo = (index) => { moment = Math.min(Math.max(index, 0), readouts.steps.length - 1); for (const draw of onMoment) draw(); };
  const goToStep = (step) => {
    if (!readouts.steps.length) return;
    let best = 0;
    readouts.steps.forEach((s, i) => { if (Math.abs(s - step) < Math.abs(readouts.steps[best] - step)) best = i; });
    goTo(best);
  };
  const unpack = ([original, flags, p, sampled, guesses]) => {
    const masked = (flags & 1) === 1, replaced = (flags & 2) === 2, share = p < 0 ? null : p / 1000;
    const flagged = share !== null && share > 0.5;
    const verdict = share === null ? null : replaced ? (flagged ? "caught" : "missed") : flagged ? "alarm" : masked ? "lucky" : "passed";
    return { original: readouts.texts[original], read: readouts.texts[sampled ?? original], masked, replaced, p: share, verdict, guesses: guesses ?? [] };
  };
  const GLYPH = { caught: "o", missed: "x", alarm: "^" };
  const level = (p) => (p === null ? 0 : p < 0.1 ? 0 : p < 0.3 ? 1 : p <= 0.5 ? 2 : p < 0.7 ? 3 : p < 0.9 ? 4 : 5);

  function drawReadouts() {
    const body = at("readouts-body");
    if (!body || !readouts.steps.length) return;
    const icon = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path"));
    const button = el("button", { type: "button" }, icon);
    const slider = el("input", { type: "range", min: 0, max: readouts.steps.length - 1, step: 1, "aria-label": t().moment });
    const where = el("output", {});
    const tally = el("div", { class: "tally", role: "status", "aria-live": "polite" });
    const sentences = el("div", {});
    const panel = el("aside", { class: "panel", "aria-live": "polite" });
    const stop = () => { clearInterval(timer); timer = null; };
    const icons = () => {
      icon.firstChild.setAttribute("d", timer ? "M3 2h4v12H3zM9 2h4v12H9z" : "M3 1.5v13l11-6.5z");
      button.setAttribute("aria-label", timer ? t().pause : t().play);
    };
    button.onclick = () => {
      if (timer) stop();
      else {
        if (moment === readouts.steps.length - 1) goTo(0);
        timer = setInterval(() => { if (moment >= readouts.steps.length - 1) { stop(); icons(); } else goTo(moment + 1); }, Math.max(90, 6000 / readouts.steps.length));
      }
      icons();
    };
    slider.oninput = () => { stop(); icons(); goTo(Number(slider.value)); };
    stop();
    icons();
    const draw = () => {
      const all = readouts.snapshots[moment].map((sentence) => sentence.map(unpack));
      slider.value = moment;
      slider.setAttribute("aria-valuetext", `${t().step} ${fixed(readouts.steps[moment], 0)}`);
      where.textContent = `${t().step} ${fixed(readouts.steps[moment], 0)}`;
      // Tests are no work of the generator.
      const isTest = (sentence) => sentence.some((token) => token.replaced && !token.masked);
      drawTally(tally, all.filter((sentence) => !isTest(sentence)).flat());
      drawSentences(sentences, all);
      drawPanel(panel, all);
    };
    onMoment[0] = draw;
    body.replaceChildren(el("div", { class: "transport" }, button, slider, where), tally, drawLegend(), el("div", { class: "readouts-grid" }, sentences, panel));
    draw();
  }

  function drawTally(node, tokens) {
    const count = (verdict) => tokens.filter((token) => token.verdict === verdict).length;
    node.replaceChildren(...["caught", "missed", "alarm"].map((verdict) => el("span", {}, el("b", {}, GLYPH[verdict]), `${t()[verdict]} ${count(verdict)}`)));
  }

  function drawLegend() {
    const ramp = el("span", { class: "ramp", "aria-hidden": "true" }, ...[0, 1, 2, 3, 4, 5].map((i) => el("i", { class: `l${i}` })));
    return el("div", { class: "legend" }, el("span", {}, `${t().scale} 0`, ramp, "100"), el("span", {}, el("s", {}, t().was), `→ ${t().reads}`),
      ...["caught", "missed", "alarm"].map((verdict) => el("span", {}, el("b", {}, GLYPH[verdict]), t()[verdict])), el("span", {}, el("span", { class: "dots" }, "abc"), t().lucky));
  }

  function drawSentences(node, all) {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    node.replaceChildren(...all.map((sentence, s) => el("div", { class: "sentence" }, ...sentence.map((token, i) => chip(token, s, i)))));
    if (focused) node.querySelector(`[data-place="${focused}"]`)?.focus();
  }

  function chip(token, s, i) {
    const glyph = GLYPH[token.verdict];
    const said = token.p === null ? t().noJudge : `${percent(token.p)}, ${t().verdict[token.verdict]}`;
    const label = token.replaced ? `${token.read}, ${t().was} ${token.original}, ${said}` : `${token.read}, ${said}`;
    const pressed = picked !== null && picked[0] === s && picked[1] === i;
    const node = el("button", { type: "button", class: `chip l${level(token.p)}${token.masked ? " masked" : ""}${glyph ? " marked" : ""}`, "aria-label": label, "aria-pressed": pressed, "data-place": `${s}.${i}` },
      el("span", { class: "was" }, token.replaced ? token.original : ""), el("span", { class: "read" }, el("span", {}, token.read)),
      el("span", { class: "p" }, token.p === null ? "–" : fixed(token.p * 100, 0), glyph ? el("b", {}, glyph) : null));
    node.onclick = () => { picked = pressed ? null : [s, i]; goTo(moment); };
    return node;
  }

  function drawPanel(panel, all) {
    // Before anyone picks, the first replaced token is the one worth looking at.
    if (picked === null || !all[picked[0]]?.[picked[1]]) {
      const s = Math.max(all.findIndex((sentence) => sentence.some((token) => token.replaced)), 0);
      const i = Math.max((all[s] ?? []).findIndex((token) => token.replaced), 0);
      if (!all[s]?.[i]) { panel.replaceChildren(t().pick); return; }
      fillPanel(panel, all[s][i], s, i, true);
    } else fillPanel(panel, all[picked[0]][picked[1]], picked[0], picked[1], false);
  }

  function fillPanel(panel, token, s, i, hint) {
    const title = token.replaced ? el("h3", {}, el("s", {}, token.original), ` → ${token.read}`) : el("h3", {}, token.read);
    const how = token.masked ? `${t().masked} “${token.read}”${token.replaced ? "." : `: ${t().luckyGuess}.`}` : token.replaced ? t().byHand : t().unmasked;
    const said = token.p === null ? t().noJudge : `${t().judge}: ${percent(token.p)} ${t().says}.`;
    const parts = [title, el("p", {}, how, " ", said), token.p === null ? null : el("p", { class: "verdict" }, el("b", {}, GLYPH[token.verdict] ?? "·"), t().verdict[token.verdict])];
    if (token.guesses.length) {
      parts.push(el("h4", {}, t().guesses));
      for (let k = 0; k < token.guesses.length; k += 2) {
        const text = readouts.texts[token.guesses[k]], share = token.guesses[k + 1] / 1000;
        parts.push(el("div", { class: text === token.read ? "guess taken" : "guess" }, el("span", {}, text), el("i", { style: `width:${share * 100}%` }), el("span", {}, percent(share, 1))));
      }
    }
    parts.push(el("h4", {}, t().overTime), spark(s, i), el("p", { class: "note" }, t().dots));
    if (hint) parts.unshift(el("p", { class: "note" }, t().pick));
    panel.replaceChildren(...parts.filter((part) => part !== null));
  }

  // p(replaced) of one place over all snapshots; a filled dot where the token was replaced then.
  function spark(s, i) {
    const [width, height, left, top] = [264, 84, 30, 8];
    const x = (k) => left + (k / Math.max(readouts.steps.length - 1, 1)) * (width - left - 8);
    const y = (p) => top + (1 - p) * (height - 2 * top);
    const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark plot", "aria-hidden": "true", style: "cursor:default" });
    for (const p of [0, 0.5, 1]) node.append(svg("line", { class: "grid", x1: left, x2: width - 8, y1: y(p), y2: y(p) }), svg("text", { x: left - 6, y: y(p) + 4, "text-anchor": "end" }, fixed(p * 100, 0)));
    const points = readouts.snapshots.map((snapshot, k) => [k, snapshot[s]?.[i]]).filter(([, token]) => token && token[2] >= 0);
    node.append(svg("path", { class: "raw judge", d: points.map(([k, token], n) => `${n ? "L" : "M"}${x(k).toFixed(1)} ${y(token[2] / 1000).toFixed(1)}`).join("") }));
    for (const [k, token] of points) {
      const now = k === moment, replaced = (token[1] & 2) === 2;
      if (now || replaced) node.append(svg("circle", { class: now ? "dot plain" : "dot judge", cx: x(k), cy: y(token[2] / 1000), r: now ? 5 : 2.5 }));
    }
    return node;
  }

  // ---- curves ------------------------------------------------------------------------------------------------------------
  const series = Object.fromEntries(data.series.map((s) => [s.name, s]));
  const held = (name) => data.evals.filter((e) => e[name] !== null).map((e) => [e.step, e[name]]);
  const scales = { step: "linear", loss: "linear" };
  let cursor = null; // the step under the pointer, on every chart at once
  const charts = [];

  // A chart has the curves of its subject, as the table of metrics gives them. `held`: its first curve has its evaluations beside it.
  const CHARTS = () => [
    { id: "mlm", subject: "generator_loss", held: true },
    { id: "rtd", subject: "judge_loss", held: true },
    { id: "auc", subject: "auc", held: true, range: [0.4, 1] },
    { id: "pr", subject: "verdicts", range: [0, 1] },
    { id: "acc", subject: "guesses", range: [0, null] },
    { id: "grad", subject: "gradient" },
    { id: "lr", subject: "learning_rate", range: [0, null] },
    { id: "rate", subject: "speed", range: [0, null] },
  ].map(withCurves).filter((chart) => chart.lines.length);

  function withCurves(chart) {
    const of = (kind) => data.metrics.filter((metric) => metric.subject === chart.subject && metric.kind === kind);
    const drawn = of("line").filter((metric) => series[metric.name]), marks = of("marks")[0];
    const alone = of("line").filter((metric) => !metric.style.startsWith("bound")).length === 1;
    const lines = drawn.map((metric, i) => ({ ...metric, label: i || !alone ? metric.label[lang()] : chart.held ? t().trainStep : t().each }));
    const chances = drawn.filter((metric) => metric.chance !== null).map((metric) => ({ value: metric.chance, label: t().chance }));
    const levels = of("level").filter((metric) => metric.value !== null).map((metric) => ({ value: metric.value, label: metric.label[lang()] }));
    return { ...chart, lines, bounds: [...chances, ...levels], unit: drawn[0]?.unit, held: chart.held && drawn[0]?.name, marks: marks && { name: marks.name, label: marks.label[lang()] } };
  }

  const ticks = (low, high, wanted) => {
    const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
    const size = [1, 2, 5, 10].find((m) => m * power >= rough) * power;
    const list = [];
    for (let k = Math.ceil(low / size - 1e-9); k * size <= high + size * 1e-9; k++) list.push(k * size + 0); // + 0: never -0
    return list;
  };
  const logTicks = (low, high) => {
    const all = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) for (const m of [1, 2, 5]) all.push(m * 10 ** e);
    const inside = all.filter((v) => v >= low * 0.999 && v <= high * 1.001);
    return inside.length > 7 ? inside.filter((v) => Number.isInteger(Math.round(Math.log10(v) * 1e6) / 1e6)) : inside.length >= 2 ? inside : ticks(low, high, 4);
  };
  const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

  // Everything that has to be seen, but for the last per cent of the raw spikes.
  function yRange(chart, log) {
    const raw = chart.lines.filter((line) => !line.only).flatMap((line) => series[line.name].raw.map((p) => p[1])).filter((v) => !log || v > 0).sort((a, b) => a - b);
    const sure = chart.lines.flatMap((line) => series[line.name].smooth.map((p) => p[1])).concat(chart.bounds.map((b) => b.value), chart.held ? held(chart.held).map((p) => p[1]) : []).filter((v) => !log || v > 0);
    let low = Math.min(...sure, ...(raw.length ? [quantile(raw, 0.005)] : [])), high = Math.max(...sure, ...(raw.length ? [quantile(raw, 0.995)] : []));
    if (!(high > low)) { low -= Math.abs(low) * 0.1 || 1; high += Math.abs(high) * 0.1 || 1; }
    if (log) return [Math.max(low, high * 1e-6) * 0.95, high * 1.05];
    const pad = (high - low) * 0.06;
    const [fixedLow, fixedHigh] = chart.range ?? [null, null];
    return [fixedLow ?? low - pad, fixedHigh ?? high + pad];
  }

  function plot(chart, node, width) {
    const height = width < 420 ? 200 : 230, [left, right, top, bottom] = [54, 14, 8, 26];
    const logX = scales.step === "log", logY = chart.unit === "nats" && scales.loss === "log";
    const [xLow, xHigh] = [logX ? 1 : 0, Math.max(data.last_step, 2)], [yLow, yHigh] = yRange(chart, logY);
    const map = (log, low, high, from, to) => (v) => { const f = log ? Math.log : Number; return from + ((f(v) - f(low)) / (f(high) - f(low))) * (to - from); };
    const x = map(logX, xLow, xHigh, left, width - right), y = map(logY, yLow, yHigh, height - bottom, top);
    const path = (points) => points.filter(([px, py]) => (!logX || px > 0) && (!logY || py > 0)).map(([px, py], i) => `${i ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("");
    set(node, { viewBox: `0 0 ${width} ${height}`, height });
    const clip = `clip-${chart.id}`;
    const marks = svg("g", { "clip-path": `url(#${clip})` });
    node.replaceChildren(svg("clipPath", { id: clip }, svg("rect", { x: left, y: top - 4, width: width - left - right + 5, height: height - top - bottom + 8 })));
    for (const v of logY ? logTicks(yLow, yHigh) : ticks(yLow, yHigh, 4)) node.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(v), y2: y(v) }), svg("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, short(v)));
    for (const v of logX ? logTicks(xLow, xHigh) : ticks(xLow, xHigh, width < 420 ? 4 : 6)) node.append(svg("line", { class: "grid", x1: x(v), x2: x(v), y1: top, y2: height - bottom }), svg("text", { x: Math.min(x(v), width - 2), y: height - 8, "text-anchor": x(v) > width - 24 ? "end" : "middle" }, fixed(v, 0)));
    for (const line of chart.lines) if (!line.only) marks.append(svg("path", { class: `raw ${line.style.split(" ")[0]}`, d: path(series[line.name].raw) }));
    for (const bound of chart.bounds) marks.append(svg("line", { class: "smooth bound dash", "stroke-width": 1.5, x1: left, x2: width - right, y1: y(bound.value), y2: y(bound.value) }));
    for (const line of chart.lines) marks.append(svg("path", { class: `smooth ${line.style}`, d: path(series[line.name].smooth) }));
    for (const [name, shape] of [[chart.held, "M0-5L5 0L0 5L-5 0Z"], [chart.marks?.name, "M0-5L5 4L-5 4Z"]]) {
      if (!name || !held(name).length) continue;
      marks.append(svg("path", { class: "raw held", style: "opacity:.8", d: path(held(name)) }));
      for (const [px, py] of held(name)) if ((!logX || px > 0) && (!logY || py > 0)) marks.append(svg("path", { class: "mark held", d: shape, transform: `translate(${x(px).toFixed(1)} ${y(py).toFixed(1)})` }));
    }
    node.append(marks);
    const pin = svg("line", { class: "pin", y1: top, y2: height - bottom }), hair = svg("g");
    node.append(pin, hair);
    return { chart, x, y, top, foot: height - bottom, left, right: width - right, pin, hair, step: (px) => (logX ? Math.exp(Math.log(xLow) + ((px - left) / (width - right - left)) * Math.log(xHigh / xLow)) : xLow + ((px - left) / (width - right - left)) * (xHigh - xLow)) };
  }

  const nearest = (points, step) => {
    let low = 0, high = points.length - 1;
    while (high - low > 1) { const middle = (low + high) >> 1; if (points[middle][0] <= step) low = middle; else high = middle; }
    return Math.abs(points[low][0] - step) <= Math.abs(points[high][0] - step) ? points[low] : points[high];
  };

  function readOut(chart, step) {
    const value = (v) => (chart.unit === "share" ? fixed(v, 3) : short(v));
    const parts = chart.lines.map((line) => {
      const v = value(nearest(series[line.name].smooth, step)[1]);
      return chart.lines.length > 1 ? `${line.label.split(":")[0]} ${v}` : v;
    });
    if (chart.held && held(chart.held).length) {
      const [from, v] = nearest(held(chart.held), step);
      parts.push(`${t().heldOut} ${value(v)}${from === step ? "" : ` (${t().step} ${fixed(from, 0)})`}`);
    }
    return parts.join(" · ");
  }

  function moveCursor() {
    const step = cursor ?? data.last_step;
    for (const { plotted, out, chart } of charts) {
      out.textContent = `${t().step} ${fixed(step, 0)}: ${readOut(chart, step)}`;
      const { x, y, top, foot, hair, pin, left, right } = plotted;
      hair.replaceChildren();
      if (cursor !== null) {
        hair.append(svg("line", { class: "cursor", x1: x(step), x2: x(step), y1: top, y2: foot }));
        for (const line of chart.lines) {
          const [px, py] = nearest(series[line.name].smooth, step);
          if (y(py) >= top - 4 && y(py) <= foot + 4) hair.append(svg("circle", { class: `dot ${line.style.split(" ")[0]}`, cx: x(px), cy: y(py), r: 4.5 }));
        }
      }
      const at = readouts.steps.length ? x(Math.max(readouts.steps[moment], 1)) : -1;
      set(pin, { x1: at, x2: at, visibility: at >= left - 1 && at <= right + 1 ? "visible" : "hidden" });
    }
  }

  const swatch = (style, shape) => svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, shape ? svg("path", { class: `mark ${style}`, d: shape, transform: "translate(13 6)" }) : svg("line", { class: `smooth ${style}`, x1: 1, x2: 25, y1: 6, y2: 6 }));

  function drawFigure(chart) {
    const out = el("output", {});
    const node = svg("svg", { class: "plot", role: "img", tabindex: 0 });
    const keys = chart.lines.map((line) => el("span", {}, swatch(line.style), line.label));
    for (const bound of chart.bounds) keys.push(el("span", {}, swatch("bound dash"), `${bound.label} ${short(bound.value)}`));
    if (chart.held && held(chart.held).length) keys.push(el("span", {}, swatch("held", "M0-5L5 0L0 5L-5 0Z"), t().heldOut));
    if (chart.marks && held(chart.marks.name).length) keys.push(el("span", {}, swatch("held", "M0-5L5 4L-5 4Z"), chart.marks.label));
    const title = t().charts[chart.id];
    const ends = chart.lines.map((line) => { const s = series[line.name].smooth; return `${line.label}: ${short(s[0][1])} → ${short(s[s.length - 1][1])}`; });
    set(node, { "aria-label": `${title}. ${ends.concat(chart.bounds.map((b) => `${b.label}: ${short(b.value)}`)).join("; ")}` });
    const figure = el("figure", {}, el("figcaption", {}, el("h3", {}, title), out), el("div", { class: "keys" }, ...keys), node);
    const entry = { chart, node, out, plotted: null };
    const pointed = (event) => { const box = node.getBoundingClientRect(); return Math.round(Math.min(Math.max(entry.plotted.step(event.clientX - box.left), 1), data.last_step)); };
    node.onpointermove = node.onpointerdown = (event) => { cursor = pointed(event); moveCursor(); };
    node.onpointerleave = () => { cursor = null; moveCursor(); };
    node.onclick = (event) => goToStep(pointed(event));
    node.onblur = () => { cursor = null; moveCursor(); };
    node.onkeydown = (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
      if (event.key === "Enter" && cursor !== null) goToStep(cursor);
      if (!by) return;
      event.preventDefault();
      cursor = Math.min(Math.max((cursor ?? data.last_step) + by * Math.max(1, Math.round(data.last_step / 100)), 1), data.last_step);
      moveCursor();
    };
    charts.push(entry);
    return figure;
  }

  function drawCurves() {
    const grid = at("curve-grid");
    if (!grid) return;
    charts.length = 0;
    grid.replaceChildren(...CHARTS().map(drawFigure));
    const toggle = (name, key) => el("div", {}, name, el("div", { class: "toggle", role: "group", "aria-label": name }, ...["linear", "log"].map((kind) => {
      const button = el("button", { type: "button", "aria-pressed": scales[key] === kind }, t()[kind]);
      button.onclick = () => { scales[key] = kind; for (const other of button.parentNode.children) set(other, { "aria-pressed": other === button }); layOut(); };
      return button;
    })));
    const window = Math.max(1, ...data.series.map((s) => s.window));
    at("curve-tools").className = "tools";
    at("curve-tools").replaceChildren(toggle(t().stepAxis, "step"), toggle(t().lossAxis, "loss"), el("div", { class: "keys" }, el("span", {}, svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, svg("line", { class: "raw plain", x1: 1, x2: 25, y1: 6, y2: 6 })), t().each), el("span", {}, swatch("plain"), `${t().mean} ${fixed(window, 0)} ${t().steps}`)));
    onMoment[1] = moveCursor;
    layOut();
  }

  function layOut() {
    for (const entry of charts) entry.plotted = plot(entry.chart, entry.node, Math.max(entry.node.getBoundingClientRect().width, 200));
    moveCursor();
  }

  // ---- verdicts ------------------------------------------------------------------------------------------------------------
  function drawVerdicts() {
    const body = at("verdict-body");
    if (!body || !data.confusion) return;
    const { caught, missed, false_alarm: alarm, passed } = data.confusion;
    const replaced = caught + missed, original = alarm + passed, all = replaced + original;
    const cell = (count, of, glyph, name) => el("td", { class: `l${level(of ? count / of : 0)}` }, el("b", {}, glyph), ` ${name}`, el("span", { class: "share" }, of ? percent(count / of, 1) : "–"), el("span", { class: "count" }, `${fixed(count, 0)} ${t().tokens}`));
    const row = (name, ...cells) => el("tr", {}, el("th", { scope: "row" }, name), ...cells);
    const matrix = el("table", { class: "matrix" },
      el("thead", {}, el("tr", {}, el("td", { style: "background:none" }), el("th", { scope: "col" }, t().judgedReplaced), el("th", { scope: "col" }, t().judgedOriginal))),
      el("tbody", {}, row(t().wasReplaced, cell(caught, replaced, "o", t().caught), cell(missed, replaced, "x", t().missed)), row(t().wasOriginal, cell(alarm, original, "^", t().alarm), cell(passed, original, "", t().verdict.passed))));
    const line = all ? `${fill(t().base, { blind: percent(Math.max(replaced, original) / all, 1), right: percent((caught + passed) / all, 1) })} ${t().rows}` : "";
    const boxes = [el("div", { class: "box" }, el("h3", {}, t().matrix), el("p", {}, line), matrix)];
    if (data.calibration) boxes.push(el("div", { class: "box" }, el("h3", {}, t().calibration), el("p", {}, fill(t().ece, { error: data.calibration.expected_error === null ? "–" : fixed(data.calibration.expected_error, 3) })), svg("svg", { class: "plot", id: "reliability", role: "img", style: "cursor:default" })));
    body.replaceChildren(el("div", { class: "verdict-grid" }, ...boxes));
    drawReliability();
  }

  // Said against true, in ten bins; the bars say how many tokens stand behind each point.
  function drawReliability() {
    const node = at("reliability");
    if (!node) return;
    const width = Math.max(node.getBoundingClientRect().width, 200), [height, left, bottom, top, right] = [300, 46, 40, 10, 10];
    const x = (v) => left + v * (width - left - right), y = (v) => height - bottom - v * (height - bottom - top);
    const bins = data.calibration.bins, total = bins.reduce((sum, bin) => sum + bin.tokens, 0);
    const label = bins.filter((bin) => bin.tokens).map((bin) => `${percent(bin.mean_p_replaced)} → ${percent(bin.replaced_share)}`).join(", ");
    set(node, { viewBox: `0 0 ${width} ${height}`, height, "aria-label": `${t().said} → ${t().true}: ${label}` });
    node.replaceChildren();
    for (const v of [0, 0.25, 0.5, 0.75, 1]) node.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(v), y2: y(v) }), svg("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, percent(v)), svg("text", { x: x(v), y: height - bottom + 17, "text-anchor": v === 1 ? "end" : "middle" }, percent(v)));
    bins.forEach((bin, i) => { if (bin.tokens) node.append(svg("rect", { x: x(i / 10) + 2, width: (width - left - right) / 10 - 4, y: y(bin.tokens / total), height: height - bottom - y(bin.tokens / total), style: "fill:var(--line)" })); });
    node.append(svg("line", { class: "smooth bound dash", style: "stroke-width:1.5", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }));
    const points = bins.filter((bin) => bin.tokens).map((bin) => [bin.mean_p_replaced, bin.replaced_share]);
    node.append(svg("path", { class: "smooth judge", d: points.map(([px, py], i) => `${i ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("") }));
    for (const [px, py] of points) node.append(svg("circle", { class: "dot judge", cx: x(px), cy: y(py), r: 5 }));
    node.append(svg("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, `${t().said} · ${t().bars}`), svg("text", { class: "name", x: left + 8, y: top + 12 }, t().true));
  }

  // ---- language and start ------------------------------------------------------------------------------------------------
  function drawAll() {
    for (const draw of redraws) draw();
    for (const node of document.querySelectorAll("[data-n]")) node.textContent = fixed(Number(node.dataset.n), Number(node.dataset.d));
    for (const button of document.querySelectorAll("[data-lang]")) set(button, { "aria-pressed": button.dataset.lang === lang() });
  }
  for (const button of document.querySelectorAll("[data-lang]")) button.onclick = () => { root.lang = button.dataset.lang; drawAll(); };
  redraws.push(drawReadouts, drawCurves, drawVerdicts);
  drawAll();
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; layOut(); drawReliability(); } });
})();
