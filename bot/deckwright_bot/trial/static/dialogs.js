// Forms that the bot opens, and the list of pinned messages. `dialog` keeps the focus inside, and Escape closes.
import { byId, element } from "./dom.js";
import { optionsOf } from "./messages.js";
import { markdown } from "./markdown.js";

let before = null;

function open(dialog) {
  before = document.activeElement;
  dialog.showModal();
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => {
    const back = before && before.isConnected ? before : byId("write");
    back.focus();
  });
}

// Show a form; `send` is given the fields and answers with what was refused.
export function openForm(form, names, now, send) {
  const dialog = byId("form"), fields = [];
  const parts = form.components.map((part) => {
    if (part.type === 10) { return element("div", { class: "content" }, markdown(part.content, names, now)); }
    const label = part.type === 18 ? part : { label: part.components[0].label, component: part.components[0] };
    const made = field(label.component || part.component, label.label, label.description, names);
    fields.push(made);
    return made.node;
  });
  const refused = element("p", { class: "refused", role: "alert" });
  const submit = element("button", { type: "submit", class: "press primary", text: "Submit" });
  const inner = element("form", {
    novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      submit.disabled = true;
      refused.textContent = "";
      const values = Object.fromEntries(fields.map((each) => [each.name, each.value()]));
      const answer = await send(values);
      submit.disabled = false;
      if (!answer.refused) { dialog.close(); return; }
      let first = null;
      for (const each of fields) {
        each.refuse((answer.about || {})[each.name] || "");
        if (!first && (answer.about || {})[each.name]) { first = each; }
      }
      refused.textContent = first ? "" : answer.refused;
      (first ? first.focus : submit).focus();
    },
  }, [
    element("h2", { id: "form-title", text: form.title }),
    element("p", { class: "small", text: "This form goes to deckwright. Do not share passwords or other sensitive information." }),
    ...parts, refused,
    element("div", { class: "row end" }, [
      element("button", { type: "button", class: "press secondary", text: "Cancel", onclick: () => dialog.close() }), submit,
    ]),
  ]);
  dialog.replaceChildren(inner);
  open(dialog);
  const first = inner.querySelector("input, select, textarea");
  if (first) { first.focus(); }
}

function field(one, label, about, names) {
  const id = `field-${one.custom_id}`, wrong = element("p", { class: "refused", id: `${id}-wrong`, role: "alert" });
  const required = one.required !== false && one.type !== 23;
  const described = [about ? `${id}-about` : "", `${id}-wrong`].join(" ").trim();
  const shared = { id, "aria-describedby": described, "aria-required": String(required) };
  const told = about ? element("p", { class: "small", id: `${id}-about`, text: about }) : "";
  const title = [label || one.custom_id, required ? element("span", { class: "star", "aria-hidden": "true", text: " *" }) : ""];
  const several = (one.max_values || 1) > 1 || one.type === 22, options = optionsOf(one, names);
  let control, value;
  if (one.type === 4) {
    control = element(one.style === 2 ? "textarea" : "input", {
      ...shared, type: one.style === 2 ? null : "text", rows: one.style === 2 ? 4 : null, placeholder: one.placeholder || null,
    });
    control.value = one.value || "";
    value = () => control.value;
  } else if (one.type === 23) {
    control = element("input", { ...shared, type: "checkbox" });
    value = () => control.checked;
  } else if (several || one.type === 21) {
    const chosen = new Set((one.default_values || []).map((each) => String(each.id)));
    const boxes = options.map((each, at) => element("input", {
      type: one.type === 21 ? "radio" : "checkbox", name: id, value: each.value, id: `${id}-${at}`, checked: Boolean(each.default) || chosen.has(each.value),
    }));
    const list = element("div", { class: "boxes" }, boxes.map((box, at) => element("label", { class: "tick" }, [box, ` ${options[at].label}`])));
    control = boxes[0] || list;
    const node = element("fieldset", { class: "field", "aria-describedby": described }, [element("legend", {}, title), told, list, wrong]);
    return {
      name: one.custom_id, node, focus: control, value: () => boxes.filter((box) => box.checked).map((box) => box.value),
      refuse: (words) => { wrong.textContent = words; },
    };
  } else {
    const chosen = new Set((one.default_values || []).map((each) => String(each.id)));
    control = element("select", shared, [
      one.min_values === 0 || !required || !options.some((each) => each.default || chosen.has(each.value)) ? element("option", { value: "", text: required ? "Choose" : "none" }) : "",
      ...options.map((each) => element("option", {
        value: each.value, selected: Boolean(each.default) || chosen.has(each.value), text: each.description ? `${each.label} · ${each.description}` : each.label,
      })),
    ]);
    value = () => (control.value ? [control.value] : []);
  }
  const node = element("div", { class: "field" }, [element("label", { for: id }, title), told, control, wrong]);
  return {
    name: one.custom_id, node, focus: control, value,
    refuse: (words) => { wrong.textContent = words; control.setAttribute("aria-invalid", String(Boolean(words))); },
  };
}

export function openPins(messages, show) {
  const dialog = byId("pinned");
  dialog.replaceChildren(
    element("h2", { id: "pinned-title", text: "Pinned messages" }),
    ...(messages.length ? messages.map((each) => element("p", {}, [
      element("button", { type: "button", class: "jump", text: each.title, onclick: () => { dialog.close(); show(each.id); } }), element("span", { class: "at", text: ` ${each.at}` }),
    ])) : [element("p", { text: "This channel has no pinned messages… yet." })]),
    element("div", { class: "row end" }, [element("button", { type: "button", class: "press secondary", text: "Close", onclick: () => dialog.close() })]),
  );
  open(dialog);
}
