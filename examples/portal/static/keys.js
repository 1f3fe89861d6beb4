// Asks the browser for a security key and sends its answer with the form around the
// button. It is the only script of these pages, and needed by pages of keys alone.
"use strict";
(() => {
  const form = document.querySelector("form[data-key]");
  if (!form) return;
  const ask = form.querySelector("[data-ask]");
  const button = ask.querySelector("button");
  const answer = form.querySelector("input[name=response]");
  const say = (name) => {
    for (const part of document.querySelectorAll("[data-say]")) part.hidden = part.dataset.say !== name;
  };
  const adding = form.dataset.key === "create";
  const able = window.PublicKeyCredential &&
    (adding ? PublicKeyCredential.parseCreationOptionsFromJSON : PublicKeyCredential.parseRequestOptionsFromJSON);
  if (!able) {
    say("unable");
    return;
  }
  say("");
  ask.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    button.disabled = true;
    say("waiting");
    try {
      const options = JSON.parse(form.dataset.options);
      const key = adding
        ? await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})
        : await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)});
      answer.value = JSON.stringify(key.toJSON());
      HTMLFormElement.prototype.submit.call(form);
    } catch (problem) {
      say(problem.name === "InvalidStateError" ? "known" : "failed");
      button.disabled = false;
    }
  });
})();
