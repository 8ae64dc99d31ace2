// The board's page. It draws what /events tells and decides nothing about calls or alerts.
// Every text goes into a text node, never into markup.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const tilesElement = byId("tiles");
  const templates = { tile: byId("tile"), alert: byId("alert"), flag: byId("flag") };

  const REORDER_MS = 4000; // tiles change places at most this often
  const SILENCE_MS = 12000; // the board says something at least every 4 s
  const RETRY_MS = 2000;
  const FLOOR_DBOV = -80;

  const PRESENCE = {
    in_call: "In a call", on_hold: "On hold", idle: "Idle", starting: "Starting",
    stopped: "Stopped", lost: "Lost", silent: "No news",
  };
  const SEVERITY = { critical: "Critical", major: "Major", minor: "Minor", warning: "Warning" };
  const SPEAKS = { agent: "Agent speaks", customer: "Customer speaks", both: "Both speak", nobody: "Nobody speaks" };

  const nodes = new Map(); // name → picture
  const tiles = new Map(); // name → element
  const announced = new Map(); // name → ids of its alerts that were read out, or stood when the page was opened
  let order = [];
  let header = null;
  let show = "all";
  let clockOffset = 0; // the board's clock minus the browser's
  let source = null;
  let heardAt = 0;
  let lostAt = null; // since when the page has no board
  let reorderedAt = 0;
  let reorderTimer = null;

  // ---- small things

  const boardNow = () => Date.now() + clockOffset;
  const pad = (n) => String(n).padStart(2, "0");
  const clockTime = (ms) => {
    const d = new Date(ms);
    return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  };
  const lasting = (since) => {
    const s = Math.max(0, Math.floor((boardNow() - since) / 1000));
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    return h > 0 ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
  };
  const setText = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const setClass = (element, name) => {
    if (element.getAttribute("class") !== name) element.setAttribute("class", name);
  };
  const icon = (element, name) => element.querySelector("use").setAttribute("href", `#${name}`);
  const decibels = (value) => (value === undefined ? "–" : value.toFixed(0).replace("-", "−"));
  const active = (node) => node.alerts.filter((alert) => !alert.expired);
  const inCall = (node) => node.presence === "in_call" || node.presence === "on_hold";
  const isLost = (node) => node.presence === "lost" || node.presence === "silent";
  const SHOWS = {
    all: () => true,
    in_call: inCall,
    with_alerts: (node) => active(node).length > 0,
    lost: isLost,
  };

  /// A `time` element that shows how long it has been; the clock keeps it running.
  const setSince = (element, since) => {
    element.hidden = since === undefined;
    if (since === undefined) {
      delete element.dataset.since;
      return;
    }
    element.dataset.since = since;
    element.dateTime = new Date(since).toISOString();
    setText(element, lasting(since));
  };

  // ---- one tile

  const drawSide = (tile, side, figures) => {
    const row = tile.querySelector(`.side.${side}`);
    row.classList.toggle("speaking", Boolean(figures && figures.speaks));
    const meter = row.querySelector(".meter");
    const share = (dbov) => Math.min(1, Math.max(0, 1 - dbov / FLOOR_DBOV));
    const level = figures && figures.level_dbov;
    const floor = figures && figures.noise_dbov;
    meter.querySelector(".fill").style.setProperty("--level", level === undefined ? 0 : share(level));
    const mark = meter.querySelector(".floor");
    mark.hidden = floor === undefined;
    if (floor !== undefined) mark.style.setProperty("--floor", share(floor));
    setText(row.querySelector(".level"), decibels(level));
    setText(row.querySelector(".snr"), decibels(figures && figures.snr_db));
    const noise = row.querySelector(".noise");
    setText(noise, (figures && figures.noise) || "");
    noise.classList.toggle("noisy", Boolean(figures && figures.noise === "noisy"));
    meter.setAttribute("aria-valuenow", level === undefined ? FLOOR_DBOV : Math.max(FLOOR_DBOV, level));
    const words = level === undefined ? ["unknown"] : [`${Math.round(level)} dBov`];
    if (figures && figures.speaks) words.push("speaking");
    if (figures && figures.noise) words.push(figures.noise);
    meter.setAttribute("aria-valuetext", words.join(", "));
  };

  const drawSound = (tile, node) => {
    const element = tile.querySelector(".sound");
    element.hidden = !inCall(node);
    if (element.hidden) return;
    const sound = node.sound;
    setClass(element, `sound ${sound ? sound.speaks : ""}`);
    let words = "No figures of this call";
    if (sound) {
      words = sound.overtalk ? "Talking over each other" : SPEAKS[sound.speaks];
      if (sound.mixed) words += " (whole output heard)";
    }
    setText(element.querySelector(".speaks"), words);
    drawSide(tile, "agent", sound && sound.agent);
    drawSide(tile, "customer", sound && sound.customer);
  };

  const drawAlert = (element, alert) => {
    setClass(element, `alert ${alert.severity}${alert.expired ? " expired" : ""}`);
    icon(element, alert.severity);
    const severity = SEVERITY[alert.severity];
    setText(element.querySelector(".word"), alert.expired ? `${severity}, expired` : severity);
    setText(element.querySelector(".title"), alert.title);
    setText(element.querySelector(".begin"), `Since ${clockTime(alert.since_ms)}.`);
    setSince(element.querySelector(".head .since"), alert.expired ? undefined : alert.since_ms);
    setText(element.querySelector(".what"), alert.text);
    const action = alert.expired
      ? "Nobody knows whether it still stands: the workstation has not confirmed it."
      : alert.action;
    setText(element.querySelector(".action"), action);
  };

  /// Keeps the elements of a list that stay, by id, in the order of `items`.
  const drawList = (list, items, template, draw) => {
    const known = new Map([...list.children].map((child) => [child.dataset.id, child]));
    items.forEach((item, place) => {
      let element = known.get(item.id);
      known.delete(item.id);
      if (!element) {
        element = template.content.firstElementChild.cloneNode(true);
        element.dataset.id = item.id;
      }
      draw(element, item);
      if (list.children[place] !== element) list.insertBefore(element, list.children[place] || null);
    });
    known.forEach((element) => element.remove());
    list.hidden = items.length === 0;
  };

  const flagsOf = (node) => {
    const flags = [];
    const flag = (id, word) => flags.push({ id, word });
    const here = !isLost(node) && node.presence !== "stopped";
    if (node.muted && inCall(node)) flag("muted", "Muted");
    if (node.qd_open) flag("unplugged", "Quick disconnect open");
    if (here && node.headsets === 0) flag("headset", inCall(node) ? "Headset gone" : "No headset");
    if (node.degraded) flag("warning", `Degraded: ${node.degraded}`);
    if (node.more_alerts > 0) flag("minor", `${node.more_alerts} more alerts`);
    return flags;
  };

  const drawTile = (node) => {
    let tile = tiles.get(node.node);
    if (!tile) {
      tile = templates.tile.content.firstElementChild.cloneNode(true);
      tile.dataset.node = node.node;
      tiles.set(node.node, tile);
      tilesElement.append(tile);
    }
    const worst = active(node)[0];
    const classes = ["tile", node.presence];
    if (inCall(node)) classes.push("calls");
    if (isLost(node) || node.presence === "stopped") classes.push("away");
    if (worst) classes.push(worst.severity);
    setClass(tile, classes.join(" "));
    setText(tile.querySelector(".node"), node.node);
    icon(tile.querySelector(".state"), node.presence);
    setText(tile.querySelector(".state .word"), PRESENCE[node.presence]);
    setSince(tile.querySelector(".state .since"), node.since_ms);
    const about = [node.team, node.site, node.agent && `agent ${node.agent}`];
    setText(tile.querySelector(".about"), about.filter(Boolean).join(" · "));
    drawList(tile.querySelector(".flags"), flagsOf(node), templates.flag, (element, flag) => {
      icon(element, flag.id);
      setText(element.querySelector(".word"), flag.word);
    });
    drawList(tile.querySelector(".alerts"), node.alerts, templates.alert, drawAlert);
    drawSound(tile, node);
    const equipment = tile.querySelector(".equipment");
    equipment.hidden = node.headsets === 0;
    setText(equipment.querySelector(".model"), node.headset || "Headset");
    const microphone = equipment.querySelector(".microphone");
    const mute = node.muted === undefined ? "mute unknown" : node.muted ? "muted" : "microphone on";
    setText(microphone, isLost(node) || node.presence === "stopped" ? "" : mute);
    microphone.classList.toggle("muted", node.muted === true);
  };

  // ---- the whole page

  const filterTiles = () => {
    let seen = 0;
    nodes.forEach((node, name) => {
      const wanted = SHOWS[show](node);
      tiles.get(name).hidden = !wanted;
      seen += wanted ? 1 : 0;
    });
    const empty = byId("empty");
    empty.hidden = seen > 0;
    if (seen > 0) return;
    const none = { in_call: "No workstation is in a call.", with_alerts: "No alerts: all is well.", lost: "No workstation is lost." };
    if (nodes.size > 0) setText(empty, none[show]);
    else if (header) setText(empty, `No workstation of “${header.org}” has reported yet. Tiles appear with its first message.`);
  };

  const arrange = () => {
    reorderTimer = null;
    reorderedAt = Date.now();
    order.forEach((name, place) => {
      const tile = tiles.get(name);
      if (tile && tilesElement.children[place] !== tile) {
        tilesElement.insertBefore(tile, tilesElement.children[place] || null);
      }
    });
  };

  const arrangeSoon = () => {
    if (reorderTimer !== null) return;
    const wait = Math.max(0, reorderedAt + REORDER_MS - Date.now());
    if (wait === 0) arrange();
    else reorderTimer = setTimeout(arrange, wait);
  };

  const drawLinks = () => {
    const link = byId("link");
    const notice = byId("notice");
    const broker = header && header.broker;
    let [words, state, text] = ["Live", "live", ""];
    if (lostAt !== null) {
      [words, state] = ["Board lost", "broken"];
      text = `This page lost its connection to the board at ${clockTime(lostAt)}. It shows what was last known, and comes back by itself.`;
    } else if (!header || broker.state === "connecting") {
      [words, state] = ["Connecting", ""];
    } else if (broker.state === "down") {
      [words, state] = ["Broker lost", "broken"];
      text = `No connection to the broker ${broker.shown} since ${clockTime(broker.since_ms)} (${broker.why}). The page shows what was last known, and comes back by itself.`;
    }
    setText(link, words);
    setClass(link, `link ${state}`);
    setText(notice, text);
    notice.hidden = text === "";
    byId("board").classList.toggle("stale", text !== "");
  };

  const drawHeader = () => {
    setText(byId("org"), header.org);
    const counts = header.counts;
    for (const what of ["nodes", "in_call", "with_alerts", "lost"]) setText(byId(`count-${what}`), String(counts[what]));
    document.title = `${counts.with_alerts > 0 ? `(${counts.with_alerts}) ` : ""}Sidetone · ${header.org}`;
    const refused = counts.refused_messages;
    const complaint = refused > 0 ? ` · ${refused} messages refused: not of the contract` : "";
    const { shown, at, mqtt } = header.broker;
    const place = `${at || shown}${mqtt && mqtt !== "5" ? ` (MQTT ${mqtt})` : ""}`;
    setText(byId("source"), `${place} · Sidetone ${header.version}${complaint}`);
  };

  const announce = (node, silently) => {
    const known = announced.get(node.node);
    announced.set(node.node, new Set(node.alerts.map((alert) => alert.id)));
    for (const alert of active(node)) {
      if (known && known.has(alert.id)) continue;
      if (silently || alert.notify !== "alarm") continue;
      const line = document.createElement("p");
      line.textContent = `${SEVERITY[alert.severity]} at ${node.node}: ${alert.title}. ${alert.text} ${alert.action}`;
      const log = byId("spoken");
      log.append(line);
      while (log.children.length > 5) log.firstElementChild.remove();
    }
  };

  const take = (message, isSnapshot) => {
    const first = header === null;
    heardAt = Date.now();
    lostAt = null;
    clockOffset = message.now_ms - Date.now();
    header = { org: message.org, version: message.version, broker: message.broker, counts: message.counts };
    const named = isSnapshot ? message.nodes.map((node) => node.node) : message.order;
    if (named) {
      order = named;
      const present = new Set(order);
      for (const name of [...nodes.keys()].filter((name) => !present.has(name))) {
        nodes.delete(name);
        announced.delete(name);
        tiles.get(name).remove();
        tiles.delete(name);
      }
    }
    for (const node of message.nodes) {
      nodes.set(node.node, node);
      drawTile(node);
      announce(node, first);
    }
    drawHeader();
    drawLinks();
    if (isSnapshot) arrange();
    else if (message.order) arrangeSoon();
    filterTiles();
  };

  // ---- connection

  const lost = () => {
    if (lostAt === null) lostAt = Date.now();
    drawLinks();
  };

  const connect = () => {
    if (source) source.close();
    heardAt = Date.now();
    source = new EventSource("/events");
    source.addEventListener("snapshot", (event) => take(JSON.parse(event.data), true));
    source.addEventListener("change", (event) => take(JSON.parse(event.data), false));
    source.addEventListener("error", () => {
      lost();
      // An answer that is no stream ends the browser's own attempts.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
    });
  };

  const tick = () => {
    const clock = byId("clock");
    setText(clock, clockTime(Date.now()));
    clock.dateTime = new Date().toISOString();
    for (const element of document.querySelectorAll("time[data-since]")) {
      setText(element, lasting(Number(element.dataset.since)));
    }
    if (Date.now() - heardAt > SILENCE_MS) {
      lost();
      connect();
    }
  };

  for (const choice of document.querySelectorAll("input[name=show]")) {
    choice.addEventListener("change", () => {
      show = choice.value;
      filterTiles();
    });
    if (choice.checked) show = choice.value;
  }
  tick();
  setInterval(tick, 1000);
  connect();
})();
