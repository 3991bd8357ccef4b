// The left side and what moves the page: data in, cards found, keys, and news of saved files.
"use strict";
var deckwright = (function () {
  var element = deckwrightView.element, settings = deckwrightView.settings;
  var data = null, vocabulary = null, shown = [], selected = "", query = "", chats = {}, packed = null;
  var filters = { kind: "", level: "", core: false, options: false, changed: false, problems: false };

  function byId(id) { return document.getElementById(id); }
  function say(text) { byId("status").textContent = text; }
  function withProblems(card) { return data.head.problems.some(function (found) { return found.card === card.id; }); }
  function isChanged(card) { return card.stale || card.change === "new" || card.change === "changed"; }

  // The index of all words, made when it is first needed or a moment after the cards have changed.
  function words() {
    vocabulary = vocabulary || deckwrightSearch.index(Object.values(data.cards));
    return vocabulary;
  }

  function topics() {
    var out = [];
    data.head.decks.forEach(function (deck) {
      deck.topics.forEach(function (topic) { out.push({ deck: deck, topic: topic }); });
    });
    return out;
  }

  function passes(card, troubled) {
    return (!filters.kind || card.kind === filters.kind) && (!filters.level || card.level === filters.level) &&
      (!filters.core || card.core) && (!filters.options || card.options) &&
      (!filters.changed || isChanged(card)) && (!filters.problems || troubled.has(card.id));
  }

  function link(card, troubled) {
    var marks = [];
    if (troubled.has(card.id)) { marks.push("has problems"); }
    if (card.change === "new" || card.change === "changed") { marks.push(card.change); }
    if (card.stale) { marks.push("kept"); }
    return element("li", {}, [element("a", { href: "#" + card.id, "aria-current": card.id === selected ? "true" : null }, [
      element("span", { class: "name" }, [card.title]),
      marks.length ? element("span", { class: "marks" }, marks.map(function (mark) { return element("span", { class: "mark " + mark.split(" ").pop() }, [mark]); })) : ""
    ])]);
  }

  function list(ids, troubled) {
    shown = shown.concat(ids);
    return element("ul", {}, ids.map(function (id) { return link(data.cards[id], troubled); }));
  }

  function part(title, count, open, children) {
    return element("details", { class: "deck", open: open, "data-deck": title, "aria-label": title }, [
      element("summary", {}, [element("h2", {}, [title]), element("span", { class: "number" }, [String(count)])])
    ].concat(children));
  }

  function tree() {
    var started = performance.now();
    var troubled = new Set(data.head.problems.map(function (found) { return found.card; }));
    var found = query ? deckwrightSearch.find(words(), query) : null, parts = [];
    var narrowed = found !== null || Object.values(filters).some(Boolean);
    function wanted(id) { return data.cards[id] && (!found || found.has(id)) && passes(data.cards[id], troubled); }
    var open = {};
    byId("tree").querySelectorAll("details").forEach(function (each) { open[each.getAttribute("data-deck")] = each.open; });
    shown = [];
    if (found) {
      var ranked = Array.from(found.keys()).filter(wanted).sort(function (a, b) { return found.get(b) - found.get(a); });
      parts.push(list(ranked, troubled));
    } else {
      var all = topics(), changed = [];
      if (data.head.tracked) {
        all.forEach(function (each) { changed = changed.concat(each.topic.cards.filter(function (id) { return wanted(id) && isChanged(data.cards[id]); })); });
        var first = new Set(changed);
        if (changed.length) { parts.push(part(data.head.released ? "Changed since " + data.head.released : "Changed", changed.length, open.changed !== false, [list(changed, troubled)])); }
      }
      data.head.decks.forEach(function (deck) {
        var lists = [], count = 0;
        deck.topics.forEach(function (topic) {
          var ids = topic.cards.filter(function (id) { return wanted(id) && !(first && first.has(id)); });
          count += ids.length;
          if (ids.length) { lists.push(element("h3", {}, [topic.title]), list(ids, troubled)); }
        });
        var few = shown.length < 300 || narrowed;
        if (count) { parts.push(part(deck.title, count, deck.title in open && !narrowed ? open[deck.title] : few, lists)); }
      });
    }
    byId("tree").replaceChildren.apply(byId("tree"), parts);
    var total = Object.keys(data.cards).length;
    byId("count").textContent = narrowed ? shown.length + " of " + total + " cards" : total + " cards";
    byId("tree").setAttribute("data-milliseconds", (performance.now() - started).toFixed(1));
    var on = Object.values(filters).filter(Boolean).length;
    byId("filters-on").textContent = on ? " (" + on + ")" : "";
  }

  function filterFields() {
    function values(name, known) {
      var there = new Set(Object.values(data.cards).map(function (card) { return card[name]; }));
      return (known || Array.from(there).sort()).filter(function (value) { return there.has(value); });
    }
    function choice(name, label, options) {
      var select = element("select", { id: "filter-" + name, onchange: function () { filters[name] = select.value; tree(); } },
        [element("option", { value: "" }, ["any"])].concat(options.map(function (value) { return element("option", { value: value, selected: filters[name] === value }, [value]); })));
      return element("p", {}, [element("label", { for: "filter-" + name }, [label]), select]);
    }
    function tick(name, label) {
      var box = element("input", { type: "checkbox", id: "filter-" + name, checked: filters[name], onchange: function () { filters[name] = box.checked; tree(); } });
      return element("p", {}, [box, element("label", { for: "filter-" + name }, [label])]);
    }
    var fields = [
      choice("kind", "Kind", values("kind")), choice("level", "Level", values("level", ["easy", "medium", "hard"])),
      tick("core", "core"), tick("options", "has options"),
      data.head.tracked ? tick("changed", "changed since the last release") : "", tick("problems", "has problems")
    ].filter(Boolean);
    byId("filter-fields").replaceChildren.apply(byId("filter-fields"), fields);
  }

  function problems() {
    var all = data.head.problems, box = byId("problems"), button = byId("problems-button");
    var errors = all.filter(function (found) { return found.severity === "error"; }).length;
    button.hidden = !all.length;
    var parts = [errors ? errors + (errors === 1 ? " error" : " errors") : "", all.length - errors ? (all.length - errors) + (all.length - errors === 1 ? " warning" : " warnings") : ""];
    button.textContent = parts.filter(Boolean).join(", ");
    button.setAttribute("aria-expanded", String(!box.hidden));
    button.setAttribute("aria-controls", "problems");
    var kept = Object.values(data.cards).filter(function (card) { return card.stale; }).length;
    box.replaceChildren.apply(box, [
      element("h2", {}, ["Problems"]),
      kept ? element("p", { class: "notice" }, [kept === 1 ? "1 card cannot be read at present and is shown as it was." : kept + " cards cannot be read at present and are shown as they were."]) : ""
    ].filter(Boolean).concat(all.map(function (found) { return deckwrightView.problem(found, true); })));
  }

  function toggleProblems(open) {
    byId("problems").hidden = !open;
    byId("problems-button").setAttribute("aria-expanded", String(open));
  }

  function mark() {
    byId("tree").querySelectorAll("a[aria-current]").forEach(function (each) { each.removeAttribute("aria-current"); });
    byId("tree").querySelectorAll('a[href="#' + CSS.escape(selected) + '"]').forEach(function (each) {
      each.setAttribute("aria-current", "true");
      var deck = each.closest("details");
      if (deck) { deck.open = true; }
      each.scrollIntoView({ block: "nearest" });
    });
  }

  function select(id) {
    if (id !== selected) { byId("main").scrollTop = 0; }
    selected = data.cards[id] ? id : shown[0] || "";
    mark();
    deckwrightView.show(data.cards[selected] || null, data.head);
    if (data.cards[selected]) { document.title = selected + " – " + data.head.title; }
  }

  function wanted() { return decodeURIComponent(location.hash.slice(1)); }

  function step(by) {
    if (!shown.length) { return; }
    var at = shown.indexOf(selected);
    var next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by))];
    if (next !== selected) { location.hash = next; }
  }

  function key(name) {
    if (name === "j" || name === "n" || name === "ArrowRight") { step(1); }
    else if (name === "k" || name === "p" || name === "ArrowLeft") { step(-1); }
    else if (name === "f" || name === " ") { deckwrightView.flip(); }
    else if (name === "/") { byId("search").focus(); byId("search").select(); }
    else if (name === "?") { byId("help").showModal(); }
    else { return false; }
    return true;
  }

  function unpack(text) {
    var bytes = Uint8Array.from(atob(text), function (char) { return char.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  // A form with its pictures' addresses in place of their names.
  function drawn(value, all) {
    if (Array.isArray(value)) { return value.map(function (each) { return drawn(each, all); }); }
    if (!value || typeof value !== "object") { return value; }
    var out = {};
    Object.keys(value).forEach(function (name) { out[name] = drawn(value[name], all); });
    if (typeof value.src === "string" && value.src[0] === "@") {
      out.src = "data:image/svg+xml," + encodeURIComponent(all.pictures[value.src.slice(1)].replace(/d="@(\d+)"/g, function (_, at) { return 'd="' + all.shapes[at] + '"'; }));
    }
    return out;
  }

  function chat(card, ordinal) {
    if (packed) {
      // Unpacked when the first chat form is asked for; each picture is put together from shared outlines.
      chats.all = chats.all || unpack(packed).then(function (told) { return JSON.parse(told); });
      return chats.all.then(function (all) {
        var form = (all.forms[card.id] || {})[ordinal];
        return form ? drawn(form, all) : { missing: "This prompt has no chat form." };
      });
    }
    var name = card.id + " " + ordinal + " " + data.version;
    if (!chats[name]) {
      chats[name] = fetch("chat.json?card=" + encodeURIComponent(card.id) + "&ordinal=" + ordinal).then(function (answer) { return answer.json(); })
        .then(function (form) { return form || { missing: "This prompt has no chat form." }; }, function () { return { missing: "The preview does not answer." }; });
    }
    return chats[name];
  }

  function take(news, first) {
    var before = data ? data.cards : {}, ids = [];
    news.head.decks.forEach(function (deck) { deck.topics.forEach(function (topic) { topic.cards.forEach(function (id) { ids.push(id); }); }); });
    var changed = Object.keys(news.cards), cards = {};
    ids.forEach(function (id) { cards[id] = news.cards[id] || before[id]; });
    data = { version: news.version, head: news.head, cards: cards };
    chats = {};
    topics().forEach(function (each) { each.topic.cards.forEach(function (id) { cards[id].topicTitle = each.deck.title + " " + each.topic.title; }); });
    vocabulary = null;
    // The card somebody looks at comes first; lists and words follow.
    if (!first && cards[selected]) { deckwrightView.show(cards[selected], data.head); }
    setTimeout(words, 200);
    byId("title").textContent = data.head.title;
    filterFields();
    problems();
    tree();
    var errors = data.head.problems.some(function (found) { return found.severity === "error"; });
    if (first) {
      toggleProblems(errors && !wanted());
      select(wanted());
      say(standing());
      return;
    }
    var fresh = changed.filter(function (id) { return cards[id] && before[id] && JSON.stringify(before[id].sides) !== JSON.stringify(cards[id].sides) || cards[id] && !before[id]; });
    if (errors) { toggleProblems(true); } else { toggleProblems(false); }
    if (cards[selected]) { mark(); } else { select(wanted()); }
    say(errors ? "Saved with errors: the last good state is shown." : fresh.length ? "Updated: " + fresh.slice(0, 3).join(", ") + (fresh.length > 3 ? " and " + (fresh.length - 3) + " more" : "") : "Updated: no card looks different.");
  }

  function standing() {
    if (!data.head.live) {
      var gone = data.head.gone.length ? " Gone from the library: " + data.head.gone.join(", ") + "." : "";
      return (data.head.against ? "Beside " + data.head.against + "." : "") + gone;
    }
    return "Watching for saved files.";
  }

  function listen() {
    var events = new EventSource("events");
    events.onmessage = function (event) {
      if (Number(event.data) === data.version) { return; }
      // A server that was started anew counts from the beginning.
      var since = Number(event.data) > data.version ? data.version : -1;
      fetch("data.json?since=" + since).then(function (answer) { return answer.json(); }).then(function (news) { take(news, false); });
    };
    events.onerror = function () { say("The preview has stopped; start it again to see changes."); };
    events.onopen = function () { say(standing()); };
  }

  function wire() {
    deckwrightView.start({ say: say, key: key, chat: chat, changed: remember });
    byId("search").addEventListener("input", function () { query = byId("search").value; tree(); mark(); });
    byId("search").addEventListener("keydown", function (event) {
      if (event.key === "Enter" && shown.length) { location.hash = shown[0]; byId("main").focus(); }
      if (event.key === "Escape") { byId("search").value = query = ""; tree(); mark(); byId("main").focus(); event.preventDefault(); }
    });
    byId("problems-button").addEventListener("click", function () { toggleProblems(byId("problems").hidden); });
    byId("help-close").addEventListener("click", function () { byId("help").close(); });
    addEventListener("hashchange", function () { if (wanted() !== "main") { select(wanted()); } });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", deckwrightView.refresh);
    document.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) { return; }
      var at = event.target;
      if (at.matches("input, select, textarea")) { return; }
      if (event.key === " " && at.closest("button, summary, a[href]")) { return; }
      if (/^Arrow/.test(event.key) && at.closest("pre, .yaml")) { return; }
      if (key(event.key)) { event.preventDefault(); }
    });
  }

  // The switches are kept for the next visit where the browser allows it.
  function remember() {
    try { localStorage.setItem("deckwright-preview", JSON.stringify(settings)); } catch (none) { /* then not */ }
  }
  function recall() {
    try {
      var kept = JSON.parse(localStorage.getItem("deckwright-preview") || "{}");
      Object.keys(settings).forEach(function (name) { if (typeof kept[name] === typeof settings[name]) { settings[name] = kept[name]; } });
    } catch (none) { /* then not */ }
  }

  return {
    start: function (given, forms) {
      recall();
      wire();
      packed = forms;
      if (given) { unpack(given).then(function (told) { take(JSON.parse(told), true); }); return; }
      fetch("data.json").then(function (answer) { return answer.json(); }).then(function (news) { take(news, true); listen(); });
    }
  };
})();
