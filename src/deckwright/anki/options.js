// Shuffles a choice card's options: one order for both sides, another every day. Plain old
// JavaScript for every client's web view; where it does not run, the options keep their order.
(function () {
  var page = document.querySelector(".choice[data-id]");
  var list = page && page.querySelector(".options");
  if (!list || list.getAttribute("data-day")) { return; }
  var id = page.getAttribute("data-id"), key = "deckwright-choice";
  var now = new Date();
  var day = now.getFullYear() + "-" + (now.getMonth() + 1) + "-" + now.getDate();
  // A card begun before midnight must not change when it is turned: the front leaves its date.
  try {
    if (/\bfront\b/.test(page.className)) {
      sessionStorage.setItem(key, id + " " + day);
    } else {
      var left = String(sessionStorage.getItem(key)).split(" ");
      if (left[0] === id && left[1]) { day = left[1]; }
    }
  } catch (none) { /* a client without storage: both sides take today's date */ }
  list.setAttribute("data-day", day);

  // FNV-1a makes a seed of the text, xorshift32 draws from it.
  var seed = 2166136261, text = id + " " + day, i, j, kept;
  for (i = 0; i < text.length; i++) { seed = Math.imul(seed ^ text.charCodeAt(i), 16777619); }
  function below(n) {
    for (var round = 0; round < 8; round++) {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
    }
    return (seed >>> 0) % n;
  }
  seed = seed || 1;
  var items = Array.prototype.slice.call(list.children);
  for (i = items.length - 1; i > 0; i--) {
    j = below(i + 1);
    kept = items[i];
    items[i] = items[j];
    items[j] = kept;
  }
  for (i = 0; i < items.length; i++) { list.appendChild(items[i]); }
})();
