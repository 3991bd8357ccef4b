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
  // Its font draws "\left\|" as low as an x (MathJax issue 3029): give the double bar the single bar's size.
  const doubleBar = { ...painter.font.getDelimiter(0x7c), stretch: [0, 0x2225] };
  for (const bar of [0x2016, 0x2225]) painter.font.delimiters[bar] = doubleBar;
  const finder = new input.tex.FindTeX.FindTeX({
    inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]],
    processEscapes: false, processEnvironments: false, processRefs: false,
  });

  // Two packages register a class of tags for every input processor, each under a name of its own and for ever,
  // and the class holds the processor: 100 KB a formula. When the next one comes, nobody asks for the last one's.
  const { TagsFactory } = input.tex.Tags;
  const register = TagsFactory.add;
  let tagsOfLast = [];
  TagsFactory.add = (name, tags) => { tagsOfLast.push(name); register(name, tags); };
  const forgetTags = () => {
    for (const name of tagsOfLast) register(name, undefined);
    tagsOfLast = [];
  };

  // TeX's classes, as MathJax numbers them.
  const [OP, BIN, REL, PUNCT] = [1, 2, 3, 6];

  // --- verdict ---------------------------------------------------------------------------------

  function compile(latex, display) {
    forgetTags();
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
    spaced(root);
    settle(item);
  }

  // "\operatorname*{arg\,max}_c P" loses the space before P: MathJax forgets that a script on several
  // words is still an operator.
  function spaced(root) {
    const found = [];
    root.walkTree((node) => {
      const scripted = /^(munder|mover|munderover|msub|msup|msubsup)$/.test(node.kind);
      if (scripted && node.childNodes[0]?.kind === "TeXAtom" && node.childNodes[0].texClass === OP) found.push(node);
    });
    for (const node of found) {
      const { parent } = node;
      const operator = root.factory.create("TeXAtom");
      operator.texClass = OP;
      parent.replaceChild(operator, node);
      operator.setChildren([node]);
    }
  }

  function settle({ root, display }) {
    root.setInheritedAttributes({}, display, 0, false);
    root.setTeXclass(null);
  }

  // --- lines -----------------------------------------------------------------------------------

  const INDENT = 2;

  // The row whose parts stand beside each other in the whole formula.
  function topRow(node) {
    let row = node;
    while (row.childNodes?.length === 1 && row.kind !== "mtable" && !row.isToken) row = row.childNodes[0];
    const fenced = row.getProperty?.("open") !== undefined || row.getProperty?.("close") !== undefined;
    return (row.isInferred || row.kind === "mrow") && !fenced ? row : null;
  }

  // How good it is to break before this part: 2 at a relation or wide space, 1 at an operator or after a comma.
  function breakable(part, before) {
    const core = part.isEmbellished ? part.coreMO() : null;
    if (core?.texClass === REL) return before?.texClass === REL ? 0 : 2;
    if (before?.kind === "mspace" && parseFloat(before.attributes.get("width")) >= 1) return 2;
    if (core?.texClass === BIN) return 1;
    return before?.isEmbellished && before.coreMO().texClass === PUNCT ? 1 : 0;
  }

  // Break a formula at its top level into lines of `room` em, so far as it has places for it.
  function breakLines(item, room) {
    const row = topRow(item.root);
    if (!row) return;
    const parts = row.childNodes;
    painter.nodeMap = new Map();
    painter.factory.wrap(item.root).getOuterBBox();
    const widths = parts.map((part) => {
      const box = painter.nodeMap.get(part).getOuterBBox();
      return box.L + box.w * box.rscale + box.R;
    });
    const starts = [];
    let [start, width, best, bestWorth] = [0, 0, 0, 0];
    for (let i = 0; i < parts.length; i++) {
      // A relation far to the left would leave a line nearly empty.
      const worth = i > start ? Math.min(breakable(parts[i], parts[i - 1]), width > room / 3 ? 2 : 1) : 0;
      if (worth && (width <= room || !best) && worth >= bestWorth) [best, bestWorth] = [i, worth];
      width += widths[i];
      if (width > room && best && parts[i].kind !== "mspace") {
        starts.push(best);
        [start, i, width, best, bestWorth] = [best, best - 1, INDENT, 0, 0];
      }
    }
    if (!starts.length) return;
    const { factory } = item.root;
    let from = 0;
    const rows = [...starts, parts.length].map((to, number) => {
      const group = parts.slice(from, to);
      from = to;
      while (group.length > 1 && group[group.length - 1].kind === "mspace") group.pop();
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

  // MathJax has no letters with accents, but most accents; so such a letter is put together here.
  const ACCENTS = {
    "\u0300": 0x2cb, "\u0301": 0x2ca, "\u0302": 0x2c6, "\u0303": 0x2dc, "\u0304": 0x2c9, "\u0306": 0x2d8,
    "\u0307": 0x2d9, "\u0308": 0xa8, "\u030a": 0x2da, "\u030c": 0x2c7,
  };
  const X_HEIGHT = 0.431;

  function accented(letter, variant) {
    const [base, mark, more] = Array.from(letter.normalize("NFD"));
    if (more || !ACCENTS[mark] || !/[A-Za-z]/.test(base)) return null;
    const glyph = (code) => painter.font.getChar("normal", code);
    // Dotless, as the accent takes the dot's place. Bold and slanted letters have numbers of their own.
    const dotless = variant === "italic" ? { i: 0x1d6a4, j: 0x1d6a5 } : { i: 0x131, j: 0x237 };
    const [upper, lower] = { bold: [0x1d400, 0x1d41a], italic: [0x1d434, 0x1d44e] }[variant] ?? [65, 97];
    const code = base.codePointAt(0);
    const below = variant === "monospace" ? null
      : glyph(dotless[base] ?? (code < 97 ? upper + code - 65 : lower + code - 97));
    const above = glyph(ACCENTS[mark]);
    if (!below?.[3]?.p || !above?.[3]?.p) return null;
    const right = (below[2] - above[2]) / 2 + (variant === "italic" ? 0.06 : 0);
    const up = Math.max(0, below[0] - X_HEIGHT - 0.01);
    return { width: below[2], below: below[3].p, above: above[3].p, right: right * 1000, up: up * 1000 };
  }

  const guessed = adaptor.nodeSize.bind(adaptor);
  adaptor.nodeSize = (node, ...rest) => {
    const put = accented(adaptor.textContent(node), "normal");
    return put ? [put.width, 0.8] : guessed(node, ...rest);
  };

  const variantOf = (node) => (adaptor.getAttribute(node, "font-weight") === "bold" ? "bold"
    : adaptor.getAttribute(node, "font-style") === "italic" ? "italic"
      : adaptor.getAttribute(node, "font-family") === "monospace" ? "monospace" : "normal");

  function xml(node, ink, out) {
    const kind = adaptor.kind(node);
    const put = kind === "text" && accented(adaptor.textContent(node), variantOf(node));
    if (put) {
      // Texts stand upright in a world turned upside down, outlines do not.
      const place = (adaptor.getAttribute(node, "transform") ?? "").replace("scale(1,-1)", "").trim();
      const moved = `translate(${Math.round(put.right)} ${Math.round(put.up)})`;
      out.push(`<g transform="${escape(place)}"><path d="M${put.below}Z"></path>`);
      return void out.push(`<path transform="${moved}" d="M${put.above}Z"></path></g>`);
    }
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
      size: String(given.width ?? given.linethickness ?? ""),
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
