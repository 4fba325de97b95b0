"use strict";
// Everything from a log is put into the page as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ORDER = ["critical", "high", "medium", "low", "informational", "none"];
  const STEP = 200;
  const $ = (id) => document.getElementById(id);
  const text = (at) => (at < 0 ? "" : data.texts[at]);
  const make = (tag, name, content) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (content !== undefined) element.textContent = content;
    return element;
  };
  const hits = data.hits.map(([time, rule, host, user, log, record, event], at) => ({
    at, time: text(time), rule: data.rules[rule], host: text(host), user: text(user), log: text(log), record, event,
  }));
  for (const hit of hits) {
    const words = [hit.rule.title, hit.rule.id, hit.rule.tags.join(" "), hit.host, hit.user, hit.log, hit.time, hit.event];
    hit.words = words.join("\n").toLowerCase();
  }
  const state = { words: [], level: null, from: null, to: null, rule: null, key: "time", down: false, shown: STEP };
  const level = (hit) => ORDER.indexOf(hit.rule.level);
  const keys = {
    time: (hit) => hit.at, level, rule: (hit) => hit.rule.title.toLowerCase(), host: (hit) => hit.host.toLowerCase(),
    user: (hit) => hit.user.toLowerCase(), log: (hit) => hit.log, record: (hit) => hit.record,
  };

  const chosen = () => hits.filter((hit) =>
    (!state.level || hit.rule.level === state.level) && (!state.rule || hit.rule === state.rule)
    && (!state.from || (hit.time >= state.from && hit.time < state.to))
    && state.words.every((word) => hit.words.includes(word)));

  const sorted = (list) => {
    const key = keys[state.key], sign = state.down ? -1 : 1;
    return list.sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      return a < b ? -sign : a > b ? sign : one.at - other.at;
    });
  };

  const detail = (hit) => {
    const row = make("tr", "detail"), cell = make("td");
    cell.colSpan = 7;
    const tags = hit.rule.tags.join(" · ");
    const facts = [`${hit.log} record ${hit.record}`, hit.rule.id && `rule ${hit.rule.id}`, tags].filter(Boolean).join(" · ");
    cell.append(make("small", "", facts));
    if (hit.event === undefined) {
      cell.append(make("small", "", "The event is not in this page: hunt with --include-event."));
    } else {
      let shown = hit.event;
      // Numbers beyond what JavaScript holds would change: such events are shown as they are.
      try { if (!/[:,[]\s*-?\d{16}/.test(shown)) shown = JSON.stringify(JSON.parse(shown), null, 2); } catch { /* as it is */ }
      cell.append(make("pre", "", shown));
    }
    row.append(cell);
    return row;
  };

  const line = (hit) => {
    const row = make("tr", "row");
    row.tabIndex = 0;
    const badge = make("td");
    badge.append(make("span", `badge ${hit.rule.level}`, hit.rule.level));
    const log = make("td", "log", hit.log.slice(hit.log.search(/[^/\\!]*$/)));
    log.title = hit.log;
    row.append(make("td", "time", hit.time.replace("T", " ").replace(/(?:(\.\d{3})\d*)?Z$/, "$1")), badge,
      make("td", "rule", hit.rule.title), make("td", "name", hit.host), make("td", "name", hit.user),
      log, make("td", "number", hit.record.toLocaleString("en")));
    const toggle = () => {
      if (row.nextSibling?.className === "detail") row.nextSibling.remove();
      else row.after(detail(hit));
    };
    row.addEventListener("click", () => { if (!String(getSelection())) toggle(); });
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") toggle(); });
    return row;
  };

  const draw = () => {
    const list = sorted(chosen());
    $("rows").replaceChildren(...list.slice(0, state.shown).map(line));
    $("count").textContent = `${list.length.toLocaleString("en")} of ${hits.length.toLocaleString("en")} matches`;
    $("more").hidden = list.length <= state.shown;
    const found = new Map();
    for (const hit of list) found.set(hit.rule, (found.get(hit.rule) || 0) + 1);
    for (const row of document.querySelectorAll("tr[data-rule]")) {
      row.hidden = !found.has(data.rules[row.dataset.rule]) && (state.level || state.from || state.words.length > 0);
    }
    for (const chip of document.querySelectorAll("[data-level]")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.level === state.level));
    }
    const narrowed = [state.rule && state.rule.title, state.from && `${state.from.slice(0, 16)} to ${state.to.slice(0, 16)}`];
    const words = narrowed.filter(Boolean).join(", ");
    $("clear").hidden = !words && !state.level && !state.words.length;
    $("clear").textContent = words ? `${words} ✕` : "show all ✕";
    for (const head of document.querySelectorAll("th[data-key]")) {
      const is = head.dataset.key === state.key;
      head.setAttribute("aria-sort", is ? (state.down ? "descending" : "ascending") : "none");
    }
  };
  const set = (change) => { Object.assign(state, { shown: STEP }, change); draw(); };
  const jump = () => $("matches").scrollIntoView();

  let timer;
  $("search").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => set({ words: event.target.value.toLowerCase().split(/\s+/).filter(Boolean) }), 120);
  });
  $("more").addEventListener("click", () => set({ shown: state.shown + STEP * 5 }));
  $("clear").addEventListener("click", () => {
    $("search").value = "";
    set({ words: [], level: null, rule: null, from: null, to: null });
  });
  for (const chip of document.querySelectorAll("[data-level]")) {
    chip.addEventListener("click", () => set({ level: state.level === chip.dataset.level ? null : chip.dataset.level }));
  }
  for (const slot of document.querySelectorAll("[data-from]")) {
    slot.addEventListener("click", () => { set({ from: slot.dataset.from, to: slot.dataset.to }); jump(); });
  }
  for (const row of document.querySelectorAll("tr[data-rule]")) {
    row.addEventListener("click", () => { set({ rule: data.rules[row.dataset.rule] }); jump(); });
  }
  for (const head of document.querySelectorAll("th[data-key]")) {
    head.firstChild.addEventListener("click", () => {
      const key = head.dataset.key;
      set({ key, down: key === state.key && !state.down });
    });
  }
  for (const head of document.querySelectorAll("th[data-column]")) {
    head.firstChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
      for (const other of head.parentNode.children) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.children[head.dataset.column];
        return cell.dataset.sort === undefined ? cell.textContent.toLowerCase() : Number(cell.dataset.sort);
      };
      const body = head.closest("table").tBodies[0];
      body.append(...[...body.rows].sort((one, other) => {
        const [a, b] = [value(one), value(other)];
        return a < b ? -sign : a > b ? sign : 0;
      }));
    });
  }
  for (const hidden of document.querySelectorAll(".scripted")) hidden.hidden = false;
  draw();
})();
