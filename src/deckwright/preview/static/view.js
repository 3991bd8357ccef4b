// The right side: one card in its frames, its source, its problems. Everything is made of elements
// and text; whatever comes from a card as HTML goes into a frame that can reach nothing here.
"use strict";
var deckwrightView = (function () {
  var settings = { side: "both", look: "", width: "wide", form: "anki", unfold: false };
  var frames = [], holder = null, current = null, head = null, chosen = 0, callbacks = {};

  function element(name, attributes, children) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      var value = attributes[key];
      if (key.startsWith("on")) { made.addEventListener(key.slice(2), value); }
      else if (value !== null && value !== false) { made.setAttribute(key, value === true ? "" : value); }
    });
    made.append.apply(made, (children || []).filter(function (child) { return child !== null && child !== ""; }));
    return made;
  }

  function night() {
    return settings.look ? settings.look === "night" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  // From a web space a frame gets an origin of its own. From a disk every file has one already, and
  // a sandbox would keep the frame from loading its own parts.
  var SANDBOX = location.protocol === "file:" ? null : "allow-scripts allow-popups allow-popups-to-escape-sandbox";

  // A frame stays for the next card: MathJax is loaded in each but once.
  function makeFrame(name) {
    var iframe = element("iframe", { sandbox: SANDBOX, src: "frame.html", scrolling: "no", "data-name": name });
    var caption = element("figcaption", {});
    var made = { name: name, iframe: iframe, caption: caption, figure: element("figure", { class: "frame" }, [caption, iframe]), ready: false, message: null };
    made.show = function (message) {
      made.message = message;
      iframe.removeAttribute("data-shown");
      if (made.ready) { iframe.contentWindow.postMessage(message, "*"); }
    };
    frames.push(made);
    return made;
  }

  function frame(name) {
    return frames.find(function (each) { return each.name === name; }) || makeFrame(name);
  }

  addEventListener("message", function (event) {
    var from = frames.find(function (each) { return each.iframe.contentWindow === event.source; });
    var message = event.data || {};
    if (!from) { return; }
    if (message.type === "ready") {
      from.ready = true;
      if (from.message) { from.show(from.message); }
    } else if (message.type === "height" && Number(message.height) > 0) {
      from.iframe.height = String(Math.min(20000, Math.ceil(Number(message.height))));
    } else if (message.type === "shown") {
      if (Number(message.wide) > 0) { from.caption.textContent += ": " + Number(message.wide) + " px too wide"; }
      from.iframe.setAttribute("data-wide", String(Number(message.wide) || 0));
      from.iframe.setAttribute("data-shown", String(Number(message.maths)) + "/" + String(Number(message.errors) || 0));
    } else if (message.type === "failed") {
      callbacks.say("Maths could not be shown: " + String(message.message));
    } else if (message.type === "key") { callbacks.key(String(message.key)); }
  });

  function group(name, label, options) {
    return element("div", { class: "switch", role: "group", "aria-label": label }, options.map(function (option) {
      return element("button", {
        type: "button", "data-set": name + "=" + option[0],
        "aria-pressed": String((name === "look" ? (night() ? "night" : "light") : settings[name]) === option[0]),
        onclick: function () { settings[name] = option[0]; callbacks.changed(name); refresh(); }
      }, [option[1]]);
    }));
  }

  function copy(text, button) {
    var said = button.textContent;
    function done(word) {
      callbacks.say(word + " " + text);
      button.setAttribute("data-copied", "");
      setTimeout(function () { button.removeAttribute("data-copied"); }, 1500);
    }
    function byHand() {
      // Without permission, or from a file, the old way remains.
      var field = element("textarea", { class: "aside", "aria-hidden": "true" });
      field.value = text;
      document.body.append(field);
      field.select();
      var worked = document.execCommand("copy");
      field.remove();
      button.focus();
      done(worked ? "Copied" : "Copy by hand:");
    }
    if (navigator.clipboard && navigator.clipboard.writeText) {
      navigator.clipboard.writeText(text).then(function () { done("Copied"); }, byHand);
    } else { byHand(); }
    return said;
  }

  function place(file, line) {
    var text = file + ":" + line;
    var button = element("button", { type: "button", class: "place", "aria-label": "Copy " + text, title: "Copy", onclick: function () { copy(text, button); } }, [text]);
    return button;
  }

  function problem(found, withPlace) {
    return element("div", { class: "problem " + found.severity }, [
      element("p", { class: "said" }, [
        element("strong", {}, [found.severity === "error" ? "✗ Error" : "! Warning"]), " ",
        element("code", {}, [found.code]), ": " + found.message
      ]),
      found.hint ? element("p", { class: "hint" }, ["Hint: " + found.hint]) : null,
      withPlace ? element("p", { class: "at" }, [
        place(found.file, found.line),
        found.card ? element("a", { href: "#" + found.card }, ["show the card"]) : ""
      ]) : null,
      withPlace && found.source ? element("pre", { class: "source-line" }, [found.source.trim()]) : null
    ].concat(found.related.map(function (other) {
      return element("p", { class: "at" }, [other.message + ": ", place(other.file, other.line)]);
    })));
  }

  // The card's lines with their numbers, each problem right under its line.
  function source(card) {
    var lines = card.yaml.split("\n"), last = card.line + lines.length - 1;
    var mine = head.problems.filter(function (found) { return found.card === card.id && found.file === card.file; });
    var outside = mine.filter(function (found) { return found.line < card.line || found.line > last; });
    var rows = element("div", { class: "yaml", tabindex: "0", role: "group", "aria-label": "YAML" });
    lines.forEach(function (line, at) {
      var number = card.line + at;
      var here = mine.filter(function (found) { return found.line === number; });
      rows.append(element("div", { class: here.length ? "row marked" : "row" }, [
        element("span", { class: "number", "aria-hidden": "true" }, [String(number)]), element("code", {}, [line || " "])
      ]));
      here.forEach(function (found) { rows.append(problem(found, false)); });
    });
    return element("section", { class: "panel", "aria-labelledby": "source-title" }, [
      element("h3", { id: "source-title" }, ["Source"]), place(card.file, card.line), rows
    ].concat(outside.map(function (found) { return problem(found, true); })));
  }

  function badges(card) {
    var out = [card.kind, card.level];
    if (card.core) { out.push("core"); }
    if (card.options) { out.push("has options"); }
    if (card.retired) { out.push("retired"); }
    if (card.change === "new" || card.change === "changed") { out.push(card.change + (head.released ? " since " + head.released : "")); }
    return element("ul", { class: "badges", "aria-label": "About this card" }, out.concat(card.tags).map(function (text) {
      return element("li", {}, [text]);
    }));
  }

  function picker(card) {
    var items = settings.form === "chat" ? card.prompts : card.sides;
    chosen = Math.min(chosen, Math.max(0, items.length - 1));
    if (items.length < 2) { return null; }
    return element("div", { class: "switch", role: "group", "aria-label": "Which card of the note" }, items.map(function (item, at) {
      var number = settings.form === "chat" ? item : item.ordinal + 1;
      return element("button", { type: "button", "aria-pressed": String(at === chosen), onclick: function () { chosen = at; refresh(); } }, ["Gap " + number]);
    }));
  }

  function message(html, ordinal, style) {
    return { type: "show", html: html, ordinal: ordinal, style: style, night: night(), media: "media/", lang: head.language, unfold: settings.unfold };
  }

  function put(name, title, content) {
    var made = frame(name);
    made.caption.textContent = title;
    made.iframe.title = title + " of " + current.id;
    made.show(content);
    return made.figure;
  }

  function ankiFrames(card) {
    var now = card.sides[chosen], old = card.old.find(function (side) { return now && side.ordinal === now.ordinal; });
    var wanted = settings.side === "both" ? ["front", "back"] : [settings.side];
    if (!now) { return [element("p", {}, ["This note makes no card."])]; }
    return [].concat.apply([], wanted.map(function (side) {
      var name = side === "front" ? "Front" : "Back", out = [];
      if (old) { out.push(put("old-" + side, name + ", as released", message(old[side], old.ordinal, head.styles[old.style] || head.style))); }
      out.push(put(side, old ? name + ", now" : name, message(now[side], now.ordinal, head.style)));
      return out;
    }));
  }

  function chatFrames(card) {
    var made = frame("chat"), ordinal = card.prompts[chosen], wanted = card.id;
    made.caption.textContent = "In chat";
    made.iframe.title = "Chat form of " + card.id;
    callbacks.chat(card, ordinal).then(function (form) {
      if (!current || current.id !== wanted) { return; }
      var content = message("", 0, head.style);
      content.chat = form;
      made.show(content);
    });
    return [made.figure];
  }

  // Frames that leave the document forget their page, so unused ones are only hidden.
  function arrange(wanted) {
    var shown = new Set(wanted);
    frames.forEach(function (each) { if (each.figure.parentNode === holder) { each.figure.hidden = !shown.has(each.figure); } });
    wanted.forEach(function (figure) { if (figure.parentNode !== holder) { holder.append(figure); } figure.hidden = false; });
    holder.querySelectorAll(":scope > p").forEach(function (old) { if (!shown.has(old)) { old.remove(); } });
    holder.className = "frames " + settings.width + (wanted.length > 1 ? " two" : "");
  }

  function refresh() {
    var view = document.getElementById("view");
    if (!holder) {
      holder = element("div", { class: "frames" });
      view.append(element("div", { id: "about" }), holder,
        element("section", { class: "panel", id: "points", "aria-label": "Key points and red flags" }), element("div", { id: "details" }));
    }
    var about = document.getElementById("about"), details = document.getElementById("details");
    document.body.classList.toggle("nightMode", night());
    if (!current) { about.replaceChildren(element("p", {}, ["No card to show."])); details.replaceChildren(); arrange([]); return; }
    var focused = document.activeElement && document.activeElement.getAttribute("data-set");
    about.replaceChildren.apply(about, [
      element("h2", { id: "card-title" }, [current.title]),
      element("p", { class: "where" }, [element("code", {}, [current.id]), place(current.file, current.line)]),
      badges(current),
      current.stale ? element("p", { class: "notice", role: "status" }, ["The source cannot be read at present; this is the card as it was when it last could. The problem stands at its line below."]) : "",
      element("div", { class: "switches" }, [
        group("form", "Where", [["anki", "Anki"], ["chat", "Chat"]]), picker(current),
        settings.form === "anki" ? group("side", "Side", [["front", "Front"], ["back", "Back"], ["both", "Both"]]) : null,
        group("look", "Light or night", [["light", "Light"], ["night", "Night"]]),
        group("width", "Width", [["wide", "Wide"], ["phone", "Phone"]]),
        settings.form === "anki" ? element("button", { type: "button", "data-set": "unfold", "aria-pressed": String(settings.unfold), onclick: function () { settings.unfold = !settings.unfold; callbacks.changed("unfold"); refresh(); } }, ["Unfold"]) : null
      ].filter(Boolean))
    ].filter(Boolean));
    if (focused) { var again = about.querySelector('[data-set="' + focused + '"]'); if (again) { again.focus(); } }
    arrange(settings.form === "chat" ? chatFrames(current) : ankiFrames(current));
    // A frame that is moved forgets its page, so this one stays where it is.
    var points = document.getElementById("points");
    points.hidden = !current.points;
    if (current.points) {
      var figure = put("points", "Key points and red flags", message(current.points, 0, head.style));
      if (!figure.parentNode) { points.append(figure); }
      figure.hidden = false;
    }
    details.replaceChildren(source(current));
  }

  return {
    element: element, settings: settings, problem: problem, refresh: refresh,
    start: function (given) { callbacks = given; },
    show: function (card, newHead) {
      if (!current || !card || card.id !== current.id) { chosen = 0; }
      current = card;
      head = newHead;
      refresh();
    },
    flip: function () { settings.side = settings.side === "back" ? "front" : settings.side === "front" ? "back" : "front"; callbacks.changed("side"); refresh(); }
  };
})();
