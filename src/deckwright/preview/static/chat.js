// The chat form: question, options, result. Texts are Discord's Markdown, written here as elements,
// never as HTML, so nothing in them can become markup.
"use strict";
var deckwrightChat = (function () {
  function element(name, attributes, children) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    made.append.apply(made, children || []);
    return made;
  }

  var SPAN = /\\([\\`*_~|>#\-\[\]()!:<.])|(`+)([\s\S]+?)\2|\*\*\*([\s\S]+?)\*\*\*|\*\*([\s\S]+?)\*\*|__([\s\S]+?)__|~~([\s\S]+?)~~|\|\|([\s\S]+?)\|\||\*([^\s*](?:[\s\S]*?[^\s*])?)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(<?(https?:[^\s)>]+)>?\)|<(https?:[^\s>]+)>/;

  function inline(text) {
    var out = [], found;
    while ((found = SPAN.exec(text))) {
      if (found.index) { out.push(text.slice(0, found.index)); }
      if (found[1] !== undefined) { out.push(found[1]); }
      else if (found[2]) { out.push(element("code", {}, [found[3]])); }
      else if (found[4] !== undefined) { out.push(element("strong", {}, [element("em", {}, inline(found[4]))])); }
      else if (found[5] !== undefined) { out.push(element("strong", {}, inline(found[5]))); }
      else if (found[6] !== undefined) { out.push(element("u", {}, inline(found[6]))); }
      else if (found[7] !== undefined) { out.push(element("s", {}, inline(found[7]))); }
      else if (found[8] !== undefined) { out.push(element("span", { class: "spoiler" }, inline(found[8]))); }
      else if (found[9] !== undefined) { out.push(element("em", {}, inline(found[9]))); }
      else if (found[10] !== undefined) { out.push(element("em", {}, inline(found[10]))); }
      else {
        var address = found[12] || found[13];
        out.push(element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, found[11] ? inline(found[11]) : [address]));
      }
      text = text.slice(found.index + found[0].length);
    }
    return text ? out.concat(text) : out;
  }

  function lines(text) {
    var out = [], list = null, quote = null;
    function flow(name, attributes, content) { list = quote = null; out.push(element(name, attributes, inline(content))); }
    text.split("\n").forEach(function (line) {
      var found;
      if (!line.trim()) { list = quote = null; }
      else if ((found = /^(#{1,3}) (.*)/.exec(line))) { flow("p", { class: "heading" }, "**" + found[2] + "**"); }
      else if ((found = /^-# (.*)/.exec(line))) { flow("p", { class: "small" }, found[1]); }
      else if ((found = /^\s*(?:[-*]|(\d+)\.) (.*)/.exec(line))) {
        quote = null;
        if (!list) { out.push(list = element(found[1] ? "ol" : "ul", found[1] ? { start: found[1] } : {})); }
        list.append(element("li", {}, inline(found[2])));
      } else if ((found = /^> ?(.*)/.exec(line))) {
        list = null;
        if (!quote) { out.push(quote = element("blockquote")); } else { quote.append(element("br")); }
        quote.append.apply(quote, inline(found[1]));
      } else { flow("p", {}, line); }
    });
    return out;
  }

  function markdown(text) {
    var out = [], at = 0, fence = /```([\w+#.-]*)\n([\s\S]*?)```/g, found;
    while ((found = fence.exec(text))) {
      out = out.concat(lines(text.slice(at, found.index)));
      out.push(element("pre", { tabindex: "0" }, [element("code", {}, [found[2].replace(/\n$/, "")])]));
      at = fence.lastIndex;
    }
    return out.concat(lines(text.slice(at)));
  }

  function piece(blocks, media) {
    return [].concat.apply([], (blocks || []).map(function (block) {
      if (typeof block === "string") { return markdown(block); }
      return [element("img", { class: "picture", alt: block.alt, src: block.src, width: block.width, height: block.height })];
    }));
  }

  function bubble(title, kind, children) {
    return element("section", { class: "bubble " + kind }, [element("h2", {}, [title])].concat(children));
  }

  function points(title, items) {
    if (!items.length) { return []; }
    return [element("h3", {}, [title]), element("ul", {}, items.map(function (item) { return element("li", {}, item); }))];
  }

  function result(form, picked) {
    var right = form.options.filter(function (option) { return option.right; })[0], out = [];
    if (right && picked) {
      if (picked.why.length) { out = out.concat(piece(picked.why)); }
      if (picked !== right) {
        out.push(element("p", {}, [element("strong", {}, ["Right: " + right.letter])]));
        out = out.concat(piece(right.text), piece(right.why));
      }
    }
    out = out.concat(piece(form.answer), piece(form.explanation));
    out = out.concat(points("Key points", form.points.map(function (point) { return piece(point); })));
    out = out.concat(points("Red flags", form.flags.map(function (flag) { return piece(flag.claim).concat(piece(flag.why)); })));
    var title = !right ? "Result" : picked === right ? "✓ " + picked.letter + " is right" : "✗ " + picked.letter + " is not right";
    return bubble(title, !right ? "" : picked === right ? "good" : "bad", out);
  }

  return function (form) {
    var root = element("div", { class: "chat" });
    if (form.missing) {
      root.append(bubble("Chat form", "", [element("p", {}, [form.missing])]));
      return root;
    }
    var asked = piece(form.question);
    if (form.options.length && !form.pictured) {
      asked.push(element("ul", { class: "choices" }, form.options.map(function (option) {
        return element("li", {}, [element("span", { class: "letter" }, [option.letter]), element("div", {}, piece(option.text))]);
      })));
    }
    root.append(bubble("Question", "", asked));
    var shown = element("div", { "aria-live": "polite" });
    if (form.options.length) {
      var buttons = form.options.map(function (option) {
        var button = element("button", { type: "button", "aria-pressed": "false", "aria-label": "Answer " + option.letter }, [option.letter]);
        button.addEventListener("click", function () {
          buttons.forEach(function (each) { each.setAttribute("aria-pressed", String(each === button)); });
          shown.replaceChildren(result(form, option));
        });
        return button;
      });
      root.append(element("ul", { class: "buttons", "aria-label": "Options" }, buttons.map(function (button) { return element("li", {}, [button]); })));
      var right = form.options.findIndex(function (option) { return option.right; });
      buttons[Math.max(0, right)].setAttribute("aria-pressed", "true");
      shown.append(result(form, form.options[Math.max(0, right)]));
    } else { shown.append(result(form, null)); }
    root.append(shown);
    return root;
  };
})();
