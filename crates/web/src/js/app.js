// Comforts only: every page works without this file.
(function () {
  "use strict";
  var root = document.documentElement;
  var english = root.lang === "en";
  var key = "shirube-theme";

  // The chosen theme is kept on this device only. Storage may be forbidden; then the choice lasts for the page.
  function stored() { try { return localStorage.getItem(key); } catch (e) { return null; } }
  function store(value) { try { localStorage.setItem(key, value); } catch (e) { /* not kept */ } }
  var theme = stored();
  if (theme === "dark" || theme === "light") root.setAttribute("data-theme", theme);

  document.addEventListener("DOMContentLoaded", function () {
    themeSwitch();
    document.querySelectorAll("form[data-autosubmit]").forEach(autosubmit);
    document.querySelectorAll("table[data-sort]").forEach(sortable);
    tooltips();
  });

  function themeSwitch() {
    var button = document.getElementById("theme");
    if (!button) return;
    var dark = function () {
      var set = root.getAttribute("data-theme");
      return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    };
    var show = function () { button.setAttribute("aria-pressed", String(dark())); };
    button.hidden = false;
    show();
    button.addEventListener("click", function () {
      var next = dark() ? "light" : "dark";
      root.setAttribute("data-theme", next);
      store(next);
      show();
    });
  }

  function autosubmit(form) {
    form.querySelectorAll("select").forEach(function (select) {
      select.addEventListener("change", function () { form.submit(); });
    });
  }

  // Sorting by a column's data-v (or its text), numbers as numbers; blanks always last.
  function sortable(table) {
    var heads = table.tHead ? Array.prototype.slice.call(table.tHead.rows[0].cells) : [];
    heads.forEach(function (head, column) {
      if (head.colSpan > 1 || !head.textContent.trim()) return;
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (h) { h.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var body = table.tBodies[0];
        Array.prototype.slice.call(body.rows)
          .map(function (row, i) { return { row: row, i: i, v: read(row.cells[column]) }; })
          .sort(function (a, b) { return compare(a.v, b.v, down) || a.i - b.i; })
          .forEach(function (entry) { body.appendChild(entry.row); });
      });
    });
  }
  function read(cell) {
    if (!cell) return "";
    return cell.hasAttribute("data-v") ? cell.getAttribute("data-v") : cell.textContent.trim();
  }
  function compare(a, b, down) {
    if (a === "" || b === "") return (a === "") - (b === "");
    var x = Number(a), y = Number(b);
    var order = isNaN(x) || isNaN(y) ? a.localeCompare(b, english ? "en" : "ja") : x - y;
    return down ? -order : order;
  }

  // The <title> of a mark, shown at once and also on touch.
  function tooltips() {
    var tip = null;
    function hide() { if (tip) { tip.remove(); tip = null; } }
    function show(event) {
      var mark = event.target.closest ? event.target.closest(".chart .mark, .chart .bar, .chart .target, .chart .absent-mark, .chart .break") : null;
      hide();
      var title = mark && mark.querySelector("title");
      if (!title || !title.textContent) return;
      tip = document.createElement("div");
      tip.className = "tip";
      tip.setAttribute("aria-hidden", "true");
      tip.textContent = title.textContent;
      document.body.appendChild(tip);
      var box = mark.getBoundingClientRect();
      var left = Math.min(Math.max(4, box.left + box.width / 2 - tip.offsetWidth / 2), root.clientWidth - tip.offsetWidth - 4);
      // Positions through the object model, which the content policy allows.
      tip.style.left = left + scrollX + "px";
      tip.style.top = box.top + scrollY - tip.offsetHeight - 6 + "px";
    }
    document.addEventListener("pointerover", show);
    document.addEventListener("pointerdown", show);
    document.addEventListener("scroll", hide, { passive: true });
  }
})();
