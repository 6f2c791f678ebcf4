// Comforts of forms: a calendar beside dates, a warning before typed text is left behind.
(function () {
  "use strict";
  var english = document.documentElement.lang === "en";
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("input[data-date]").forEach(calendar);
    document.querySelectorAll("form.record-form").forEach(guard);
  });

  // The text stays what counts, as it also takes eras; the calendar writes into it.
  function calendar(text) {
    var picker = document.createElement("input");
    picker.type = "date";
    picker.className = "calendar";
    picker.setAttribute("aria-label", english ? "Choose from a calendar" : "カレンダーから選ぶ");
    if (/^\d{4}-\d{2}-\d{2}$/.test(text.value)) picker.value = text.value;
    picker.addEventListener("change", function () {
      if (picker.value) text.value = picker.value;
    });
    text.insertAdjacentElement("afterend", picker);
  }

  function guard(form) {
    var touched = false;
    form.addEventListener("input", function () { touched = true; });
    form.addEventListener("submit", function () { touched = false; });
    addEventListener("beforeunload", function (event) { if (touched) event.preventDefault(); });
  }
})();
