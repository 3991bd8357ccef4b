// The card's own page. It shows what the page around it sends, as Anki would: style, classes, HTML,
// the template's own scripts, then maths. The content security policy lets no other script run.
"use strict";
(function () {
  var box = document.getElementById("qa"), style = document.getElementById("note-type");
  var typesetter = null, turn = 0;

  // A sandboxed page has no storage, about which MathJax's menu would complain.
  try { localStorage.getItem(""); } catch (none) {
    Object.defineProperty(window, "localStorage", { value: { getItem: function () { return null; }, setItem: function () {}, removeItem: function () {} } });
  }

  function tell(message) { parent.postMessage(message, "*"); }

  // Anki's own settings of MathJax; the fonts come as data, for a sandboxed frame may fetch none.
  function mathjax() {
    if (typesetter) { return typesetter; }
    typesetter = new Promise(function (done, failed) {
      window.MathJax = {
        tex: {
          displayMath: [["\\[", "\\]"]],
          processEscapes: false, processEnvironments: false, processRefs: false,
          packages: { "[+]": ["noerrors", "mathtools"], "[-]": ["textmacros"] }
        },
        loader: { load: ["[tex]/noerrors", "[tex]/mathtools"] },
        options: { enableMenu: false },
        startup: {
          typeset: false,
          ready: function () {
            MathJax._.output.chtml.fonts.tex_ts.TeXFont.defaultFonts = {};
            MathJax.startup.defaultReady();
            MathJax.startup.promise.then(done, failed);
          }
        }
      };
      var fonts = document.createElement("link");
      fonts.rel = "stylesheet";
      fonts.href = "fonts.css";
      document.head.append(fonts);
      var script = document.createElement("script");
      script.src = "mathjax.js";
      script.onerror = function () { failed(new Error("mathjax.js cannot be loaded")); };
      document.head.append(script);
    });
    return typesetter;
  }

  // Names of pictures are those of the package; links leave the page or lead nowhere.
  function tidy(parsed, media) {
    parsed.querySelectorAll("img").forEach(function (image) {
      var name = image.getAttribute("src") || "";
      if (!/^[a-z]+:/i.test(name)) { image.setAttribute("src", media + encodeURIComponent(name)); }
    });
    links(parsed);
  }

  function links(within) {
    within.querySelectorAll("a[href]").forEach(function (link) {
      if (!/^(https?:|mailto:)/i.test(link.getAttribute("href"))) { link.removeAttribute("href"); }
      link.setAttribute("target", "_blank");
      link.setAttribute("rel", "noopener noreferrer");
    });
  }

  function insert(html, media) {
    var parsed = new DOMParser().parseFromString(html, "text/html");
    tidy(parsed, media);
    box.replaceChildren.apply(box, Array.from(parsed.body.childNodes));
    // Scripts that come with HTML are inert; Anki runs them, and so do those the policy knows.
    box.querySelectorAll("script").forEach(function (inert) {
      var script = document.createElement("script");
      script.textContent = inert.textContent;
      inert.replaceWith(script);
    });
  }

  function measure() {
    tell({ type: "height", height: Math.ceil(document.body.getBoundingClientRect().height) + 40 });
  }

  // How far one would have to scroll sideways to read it all; programs and tables may, on a phone.
  function wide() {
    var found = [document.documentElement].concat(Array.from(box.querySelectorAll("*"))).filter(function (each) {
      return !each.closest("pre, .scroll") && (each === document.documentElement || /auto|scroll/.test(getComputedStyle(each).overflowX));
    });
    return Math.max.apply(null, found.map(function (each) { return Math.max(0, each.scrollWidth - each.clientWidth - 1); }));
  }

  function show(message) {
    var mine = ++turn;
    document.documentElement.classList.toggle("night-mode", message.night);
    document.body.className = "card card" + (message.ordinal + 1) + (message.night ? " nightMode night_mode" : "");
    if (style.textContent !== message.style) { style.textContent = message.style; }
    box.lang = message.lang || "en";
    if (message.chat) {
      box.replaceChildren(deckwrightChat(message.chat, message.media));
      measure();
      tell({ type: "shown", maths: 0, wide: wide() });
      return;
    }
    insert(message.html, message.media);
    if (message.unfold) { box.querySelectorAll("details").forEach(function (each) { each.open = true; }); }
    measure();
    if (!/\\[(\[]/.test(message.html)) { tell({ type: "shown", maths: 0, wide: wide() }); return; }
    mathjax().then(function () {
      if (mine !== turn) { return null; }
      MathJax.startup.document.clear();
      MathJax.texReset();
      return MathJax.typesetPromise([box]);
    }).then(function () {
      if (mine !== turn) { return; }
      links(box);  // a formula may hold one too
      measure();
      tell({
        type: "shown",
        wide: wide(),
        maths: box.querySelectorAll("mjx-container").length,
        errors: box.querySelectorAll("mjx-merror, [data-mjx-error]").length
      });
    }).catch(function (error) { tell({ type: "failed", message: String(error && error.message || error) }); });
  }

  addEventListener("message", function (event) {
    if (event.source === parent && event.data && event.data.type === "show") { show(event.data); }
  });
  // The page's keys work wherever the focus is, save where the card itself takes the key.
  addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.target.closest("summary, button, a[href]") && (event.key === " " || event.key === "Enter")) { return; }
    if (/^(j|k|n|p|f|\/|\?| |Escape|ArrowLeft|ArrowRight)$/.test(event.key)) {
      event.preventDefault();
      tell({ type: "key", key: event.key });
    }
  });
  new ResizeObserver(function () { requestAnimationFrame(measure); }).observe(document.body);
  tell({ type: "ready" });
})();
