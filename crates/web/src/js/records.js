// Comforts of forms: a calendar beside dates, a warning before typed text is left behind.
(function () {
  "use strict";
  var english = document.documentElement.lang === "en";
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("input[data-date]").forEach(calendar);
    document.querySelectorAll("form.record-form").forEach(guard);
    document.querySelectorAll("form.list-filters").forEach(tidy);
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

  // Conditions left blank stay out of the address, which is the saved search.
  function tidy(form) {
    form.addEventListener("submit", function () {
      form.querySelectorAll("input, select").forEach(function (control) {
        if (!control.value) control.disabled = true;
      });
    });
    addEventListener("pageshow", function () {
      form.querySelectorAll(":disabled").forEach(function (control) { control.disabled = false; });
    });
  }

  function guard(form) {
    var touched = false;
    form.addEventListener("input", function () { touched = true; });
    form.addEventListener("submit", function () { touched = false; });
    addEventListener("beforeunload", function (event) { if (touched) event.preventDefault(); });
  }
})();
