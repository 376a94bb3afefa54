// The link in the mail carries the code behind its "#", which no server and no log ever sees.
const field = document.querySelector('input[autocomplete="one-time-code"]');
const digits = location.hash.slice(1);
if (field && /^\d{4}-?\d{4}$/.test(digits)) {
  field.value = digits;
  history.replaceState(null, "", location.pathname + location.search);
  field.form.querySelector('[type="submit"]').focus();
}
