// Finding cards: every word of the query must be in the card, typing errors forgiven. Words are
// indexed once, so a query compares itself with the library's vocabulary and not with its cards.
"use strict";
var deckwrightSearch = (function () {
  var WORD = /[\p{L}\p{N}]+/gu;

  function fold(text) { return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, ""); }
  function words(text) { return fold(text).match(WORD) || []; }

  // Damerau and Levenshtein, given up as soon as it is certain to be more than `most`.
  function distance(a, b, most) {
    if (Math.abs(a.length - b.length) > most) { return most + 1; }
    var before = [], last = [], row, i, j, best, cost;
    for (j = 0; j <= b.length; j++) { last[j] = j; }
    for (i = 1; i <= a.length; i++) {
      row = [i];
      best = i;
      for (j = 1; j <= b.length; j++) {
        cost = a[i - 1] === b[j - 1] ? 0 : 1;
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
        best = Math.min(best, row[j]);
      }
      if (best > most) { return most + 1; }
      before = last;
      last = row;
    }
    return last[b.length];
  }

  // How well a word of the library answers a word of the query: 0 not at all, 1 exactly.
  function fit(asked, word, exact) {
    if (word === asked) { return 1; }
    if (word.startsWith(asked)) { return 0.8; }
    if (asked.length > 2 && word.includes(asked)) { return 0.5; }
    if (exact || asked.length < 4) { return 0; }
    var most = asked.length < 8 ? 1 : 2;
    var off = distance(asked, word, most);
    // While somebody types, the word is only begun.
    if (off > most && word.length > asked.length) { off = distance(asked, word.slice(0, asked.length), most) + 0.5; }
    return off > most + 0.5 ? 0 : 0.4 - 0.1 * off;
  }

  function index(cards) {
    var vocabulary = new Map();
    function add(text, card, weight) {
      words(text).forEach(function (word) {
        var found = vocabulary.get(word);
        if (!found) { vocabulary.set(word, found = new Map()); }
        if (!(found.get(card) >= weight)) { found.set(card, weight); }
      });
    }
    cards.forEach(function (card) {
      add(card.id + " " + card.title, card.id, 3);
      add(card.topicTitle + " " + card.tags.join(" "), card.id, 2);
      add(card.yaml, card.id, 1);
    });
    return vocabulary;
  }

  // Ids of the cards found with their scores, or null for an empty query.
  function find(vocabulary, query) {
    var asked = words(query), found = null;
    if (!asked.length) { return null; }
    asked.forEach(function (word) {
      var mine = new Map();
      function take(exact) {
        vocabulary.forEach(function (cards, known) {
          var score = fit(word, known, exact);
          if (score) {
            cards.forEach(function (weight, card) { mine.set(card, Math.max(mine.get(card) || 0, score * weight)); });
          }
        });
      }
      // Errors are forgiven only to words nobody wrote as they stand.
      take(true);
      if (!mine.size) { take(false); }
      if (found) {
        found.forEach(function (score, card) {
          if (mine.has(card)) { mine.set(card, mine.get(card) + score); }
        });
        mine.forEach(function (score, card) { if (!found.has(card)) { mine.delete(card); } });
      }
      found = mine;
    });
    return found;
  }

  return { index: index, find: find, distance: distance };
})();
