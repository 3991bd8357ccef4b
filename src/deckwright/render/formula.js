// Runs inside QuickJS after MathJax: the verdict on a formula, and its picture as plain SVG.
"use strict";
var deckwright = (() => {
  const { adaptors, components, core, handlers, input, mathjax, output } = MathJax._;

  // Anki: everything in the full build but "textmacros", and "\require" for what is bundled.
  const packages = ["require", ...input.tex.AllPackages.AllPackages]
    .filter((name) => name !== "textmacros");
  // These two turn an error into red text and go on. Here they are only pretended to be present.
  const lenient = ["noerrors", "noundefined"];

  class Refusal extends Error {}
  const refuse = (message) => { throw new Refusal(message); };

  components.loader.Loader.load = (name) => refuse(
    `extension ${name.replace("[tex]/", "")} is not part of Anki's MathJax`);
  const adaptor = adaptors.liteAdaptor.liteAdaptor();
  handlers.html_ts.RegisterHTMLHandler(adaptor);
  const painter = new output.svg_ts.SVG({
    fontCache: "none", font: new output.svg.fonts.tex_ts.TeXFont(),
  });
  const finder = new input.tex.FindTeX.FindTeX({
    inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]],
    processEscapes: false, processEnvironments: false, processRefs: false,
  });

  // --- verdict ---------------------------------------------------------------------------------

  function compile(latex, display) {
    // A new input processor for every formula, so that no definition outlives it (1 ms).
    const tex = new input.tex_ts.TeX({
      packages: packages.filter((name) => !lenient.includes(name)),
      formatError: (_, error) => { throw error; },
    });
    tex.parseOptions.packageData.get("require").required.push(...lenient);
    const page = mathjax.mathjax.document("", { InputJax: tex, OutputJax: painter });
    const item = new page.options.MathItem(latex, tex, display);
    item.start.node = adaptor.body(page.document);
    item.setMetrics(16, 8, 1280, 1e6, 1);
    for (let attempt = 0; ; attempt++) {
      try {
        item.compile(page);
        break;
      } catch (error) {
        // "\require" of an extension with a preprocessor asks for a second run, once.
        if (!error?.retry || attempt) throw error;
      }
    }
    item.root.walkTree(inspect);
    findable(latex, display);
    return { item, page };
  }

  const LENGTHS = [
    "width", "height", "depth", "voffset", "lspace", "rspace", "minsize", "maxsize", "mathsize",
    "linethickness", "rowspacing", "columnspacing", "framespacing", "columnwidth",
  ];
  const MAX_EM = 1000;
  const EMS = { em: 1, ex: 0.5, px: 0.06, pt: 0.1, pc: 1.2, cm: 2.8, mm: 0.28, in: 7.2, mu: 0.06, "%": 0.01 };

  function inspect(node) {
    if (node.kind === "merror") refuse(node.attributes.get("data-mjx-error") || "error in the formula");
    if (!node.attributes) return;
    const given = node.attributes.getAllAttributes();
    for (const name of LENGTHS) {
      for (const [, number, unit] of String(given[name] ?? "").matchAll(/([\d.]+(?:e\d+)?)([a-z%]*)/gi)) {
        if (!(number * (EMS[unit] ?? 1) <= MAX_EM)) refuse(`length ${number}${unit} is too large`);
      }
    }
  }

  // What compiles alone may not even be seen as a formula on a page: a lone "\" at the end takes
  // the closing delimiter with it, and a brace in a comment counts.
  function findable(latex, display) {
    const text = display ? `\\[${latex}\\]` : `\\(${latex}\\)`;
    const [found] = finder.findMath([text]);
    if (!found || found.start.n !== 0 || found.end.n !== text.length) {
      refuse(`MathJax finds no end of the formula: look for a "\\" at the end or a brace in a comment`);
    }
  }

  // --- picture ---------------------------------------------------------------------------------

  // A page is as wide as its window and puts tags at its edge; a picture has no window. So a tag
  // becomes one more column, and a width in per cent is dropped.
  function unlabel(table, factory) {
    const given = table.attributes.getAllAttributes();
    for (const name of ["width", "columnwidth"]) {
      if (/%|fit/.test(given[name] ?? "")) delete given[name];
    }
    const rows = table.childNodes;
    if (!rows.some((row) => row.kind === "mlabeledtr")) return;
    const cells = (row) => (row.kind === "mlabeledtr" ? row.childNodes.slice(1) : row.childNodes);
    const columns = Math.max(...rows.map((row) => cells(row).length));
    const widened = (name, length, last) => {
      const old = String(table.attributes.get(name)).trim().split(/\s+/);
      const list = Array.from({ length }, (_, i) => old[Math.min(i, old.length - 1)]);
      table.attributes.set(name, [...list, last].join(" "));
    };
    widened("columnalign", columns, "right");
    widened("columnspacing", columns - 1, "2em");
    table.setChildren(rows.map((row) => {
      if (row.kind !== "mlabeledtr") return row;
      const filler = Array.from({ length: columns - cells(row).length }, () => factory.create("mtd"));
      return factory.create("mtr", {}, [...cells(row), ...filler, row.childNodes[0]]);
    }));
  }

  // A toggle or a tooltip is drawn as the part that shows first.
  const unwrap = (node) => {
    (node.childNodes ?? []).forEach((child, i) => {
      let shown = child;
      while (shown?.kind === "maction") shown = shown.selected;
      if (shown !== child) { node.childNodes[i] = shown; shown.parent = node; }
      if (shown) unwrap(shown);
    });
  };

  function flatten(item) {
    const { root } = item;
    unwrap(root);
    const tables = [];
    root.walkTree((node) => { if (node.kind === "mtable") tables.push(node); });
    tables.forEach((table) => unlabel(table, root.factory));
    root.walkTree(lengthen);
    settle(item);
  }

  function settle({ root, display }) {
    root.setInheritedAttributes({}, display, 0, false);
    root.setTeXclass(null);
  }

  // "\left\|" gives the sign for "parallel", whose smallest bar is as low as an x (MathJax issue 3029).
  function lengthen(node) {
    if (node.kind === "mo" && node.getText() === "\u2225" && node.attributes.get("stretchy")) {
      node.childNodes[0].setText("\u2016");
    }
  }

  // --- lines -----------------------------------------------------------------------------------

  const [BIN, REL, PUNCT] = [2, 3, 6];
  const INDENT = 2;

  // The row whose parts stand beside each other in the whole formula.
  function topRow(node) {
    let row = node;
    while (row.childNodes?.length === 1 && row.kind !== "mtable" && !row.isToken) row = row.childNodes[0];
    const fenced = row.getProperty?.("open") !== undefined || row.getProperty?.("close") !== undefined;
    return (row.isInferred || row.kind === "mrow") && !fenced ? row : null;
  }

  // How good it is to break before this part: 2 at a relation, 1 at an operator or after a comma or space.
  function breakable(part, before) {
    const core = part.isEmbellished ? part.coreMO() : null;
    if (core?.texClass === REL) return before?.texClass === REL ? 0 : 2;
    if (core?.texClass === BIN || before?.kind === "mspace") return 1;
    return before?.isEmbellished && before.coreMO().texClass === PUNCT ? 1 : 0;
  }

  // Break a formula at its top level into lines of `room` em, so far as it has places for it.
  function breakLines(item, room) {
    const row = topRow(item.root);
    if (!row) return;
    const parts = row.childNodes;
    const widths = parts.map((part) => {
      const box = painter.nodeMap.get(part).getOuterBBox();
      return box.L + box.w * box.rscale + box.R;
    });
    const lines = [[]];
    let [start, width, best] = [0, 0, 0];
    for (let i = 0; i < parts.length; i++) {
      const worth = i > start ? breakable(parts[i], parts[i - 1]) : 0;
      const old = best ? breakable(parts[best], parts[best - 1]) : 0;
      if (worth && (width <= room || !best) && worth >= old) best = i;
      width += widths[i];
      if (width > room && best) {
        lines.push([]);
        [start, i, width, best] = [best, best - 1, INDENT, 0];
        lines[lines.length - 2] = start;
      }
    }
    if (lines.length < 2) return;
    const { factory } = item.root;
    let from = 0;
    const rows = [...lines.slice(0, -1), parts.length].map((to, number) => {
      const group = parts.slice(from, to);
      from = to;
      // Something must stand before an operator, or it would be taken for a sign.
      const margin = [factory.create("mspace", { width: `${INDENT}em` }), factory.create("TeXAtom")];
      if (number && group[0].isEmbellished) group[0].coreMO().attributes.set("form", "infix");
      return factory.create("mtr", {}, [factory.create("mtd", {}, [...(number ? margin : []), ...group])]);
    });
    const look = { displaystyle: item.display, columnalign: "left", rowspacing: ".5em" };
    row.setChildren([factory.create("mtable", look, rows)]);
    settle(item);
  }

  // --- shapes ----------------------------------------------------------------------------------

  const SHAPES = ["svg", "g", "path", "rect", "line", "ellipse", "circle", "polygon", "polyline", "text"];
  const TRAITS = [
    "d", "transform", "x", "y", "width", "height", "viewBox", "preserveAspectRatio", "points",
    "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fill", "stroke", "stroke-width",
    "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "font-size", "font-family", "font-style",
    "font-weight",
  ];
  // No value of these traits needs a colon, a quote or a "url(".
  const HARMLESS = /^(?!.*url)[\w\s.,#%()+-]*$/i;
  // What MathJax says in a style sheet about the lines of a table.
  const RULES = {
    "mjx-solid": {}, "mjx-dashed": { "stroke-dasharray": "140" },
    "mjx-dotted": { "stroke-dasharray": "0 140", "stroke-linecap": "round" },
  };

  const escape = (text) => Array.from(text, (character) =>
    /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]$/u.test(character)
      ? ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[character] ?? character)
      : "\ufffd").join("");

  function xml(node, ink, out) {
    const kind = adaptor.kind(node);
    if (kind === "#text") return void out.push(escape(adaptor.value(node)));
    const link = kind === "a";
    const skipped = !link && !SHAPES.includes(kind);
    const invisible = adaptor.getAttribute(node, "data-hitbox") || adaptor.getAttribute(node, "data-id-align");
    if (skipped || invisible) return;
    const traits = {};
    for (const { name, value } of link ? [] : adaptor.allAttributes(node)) {
      if (TRAITS.includes(name) && HARMLESS.test(value)) traits[name] = value;
    }
    if (adaptor.getAttribute(node, "data-line") || adaptor.getAttribute(node, "data-frame")) {
      const rule = RULES[adaptor.getAttribute(node, "class")] ?? {};
      Object.assign(traits, { "stroke-width": "70", fill: "none" }, rule);
    }
    const name = link ? "g" : kind;
    out.push("<", name);
    for (const [key, value] of Object.entries(traits)) {
      out.push(` ${key}="${escape(value === "currentColor" ? ink : value)}"`);
    }
    out.push(">");
    adaptor.childNodes(node).forEach((child) => xml(child, ink, out));
    out.push(`</${name}>`);
  }

  function draw(latex, display, em, ink, room) {
    const { item, page } = compile(latex, display);
    flatten(item);
    item.typeset(page);
    const viewBox = () =>
      (adaptor.getAttribute(adaptor.firstChild(item.typesetRoot), "viewBox") ?? "").split(" ").map(Number);
    if (room && viewBox()[2] > room * 1000) {
      breakLines(item, room);
      item.state(core.MathItem.STATE.COMPILED);
      item.typeset(page);
    }
    const box = viewBox();
    if (box.length !== 4 || !box.every((number) => Math.abs(number) <= MAX_EM * 1000)) {
      refuse("the picture of the formula would be too large");
    }
    // A hair of room, for slanted letters and strokes that lean out of their boxes.
    const [left, top, width, height] = [box[0] - 40, box[1] - 40, box[2] + 80, box[3] + 80];
    const pixels = (units) => `${Math.round(units * em) / 1000}`;
    const out = [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels(width)}" height="${pixels(height)}"`,
      ` viewBox="${left} ${top} ${width} ${height}" style="vertical-align: ${pixels(-(top + height))}px">`,
    ];
    adaptor.childNodes(adaptor.firstChild(item.typesetRoot)).forEach((child) => xml(child, ink, out));
    out.push("</svg>");
    return out.join("");
  }

  // --- tree ------------------------------------------------------------------------------------

  // Deeper formulas read well as no text, and a reader's own recursion has limits too.
  const MAX_TREE = 60;

  function outline(node, depth) {
    if (node.kind === "text") return { kind: "text", text: node.getText() };
    if (depth > MAX_TREE) return { kind: "deep" };
    const given = node.attributes?.getAllAttributes() ?? {};
    const children = (node.childNodes ?? []).map((child) => child && outline(child, depth + 1));
    return {
      kind: node.kind,
      texClass: node.texClass ?? -1,
      variant: String(given.mathvariant ?? ""),
      width: String(given.width ?? ""),
      children: children.map((child) => child ?? { kind: "none" }),
    };
  }

  const tasks = {
    check: (latex, display) => { compile(latex, display); return ""; },
    svg: draw,
    tree: (latex, display) => JSON.stringify(outline(compile(latex, display).item.root, 0)),
  };
  return (task, ...args) => {
    try {
      return JSON.stringify({ svg: tasks[task](...args) });
    } catch (error) {
      // MathJax's own errors have an id. Others: its bugs, or the interpreter's limits; for want of
      // memory there may not even be an error to throw.
      if (error === null) return JSON.stringify({ exhausted: "memory" });
      if (error instanceof Refusal || error.id) return JSON.stringify({ failure: `${error.message}` });
      if (error instanceof RangeError || error instanceof InternalError) {
        return JSON.stringify({ exhausted: `${error.message}` });
      }
      return JSON.stringify({ failure: `MathJax cannot handle it (${error.message})` });
    }
  };
})();
