/**
 * The report's script. It only filters and unfolds the list of cases: without it the page shows everything and its filter
 * bar stays hidden. Old-fashioned on purpose: it runs as it is in any browser and reads nothing but data attributes.
 */
export const script = `
(function () {
  var bar = document.getElementById('filters');
  if (!bar) return;
  var cases = Array.prototype.slice.call(document.querySelectorAll('.case'));
  var field = function (name) { return bar.querySelector('[name="' + name + '"]'); };
  var count = document.getElementById('shown');
  function apply() {
    var kind = field('kind') ? field('kind').value : '';
    var arm = field('arm').value, outcome = field('outcome').value;
    var words = field('words').value.trim().toLowerCase();
    var shown = 0;
    cases.forEach(function (item) {
      var fits = (!kind || item.dataset.kind === kind) &&
        (!words || item.textContent.toLowerCase().indexOf(words) >= 0);
      if (fits && outcome) {
        var own = JSON.parse(item.dataset.outcomes);
        fits = arm ? own[arm] && own[arm].indexOf(outcome) >= 0
          : Object.keys(own).some(function (name) { return own[name].indexOf(outcome) >= 0; });
      }
      item.hidden = !fits;
      if (fits) shown++;
    });
    count.textContent = shown + ' of ' + cases.length + ' cases';
  }
  bar.addEventListener('input', apply);
  bar.addEventListener('submit', function (event) { event.preventDefault(); });
  document.getElementById('unfold').addEventListener('click', function () {
    var visible = cases.filter(function (item) { return !item.hidden; });
    var open = visible.some(function (item) { return !item.open; });
    visible.forEach(function (item) { item.open = open; });
    this.textContent = open ? 'Fold all' : 'Unfold all shown';
  });
  // A link to a passage or a case opens what it lies in.
  function reveal() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var at = target; at; at = at.parentElement) { if (at.tagName === 'DETAILS') at.open = true; if (at.hidden) at.hidden = false; }
    if (target) target.scrollIntoView();
  }
  addEventListener('hashchange', reveal);
  addEventListener('beforeprint', function () {
    document.querySelectorAll('details.fold').forEach(function (item) { item.open = true; });
  });
  bar.hidden = false;
  apply();
  reveal();
})();
`;
