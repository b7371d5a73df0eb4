// Asks the browser for a passkey and sends what it signed with the form; without passkeys the buttons stay hidden.
const ceremonies = {
  get: {
    options: (json) => PublicKeyCredential.parseRequestOptionsFromJSON(json),
    run: (publicKey) => navigator.credentials.get({ publicKey }),
  },
  create: {
    options: (json) => PublicKeyCredential.parseCreationOptionsFromJSON(json),
    run: (publicKey) => navigator.credentials.create({ publicKey }),
  },
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const ceremony = ceremonies[form.dataset.passkey];
  const button = form.querySelector("button");
  const hint = form.querySelector("[role=status]");
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    hint.textContent = "This browser knows no passkeys.";
    continue;
  }
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    hint.textContent = "";
    button.disabled = true;
    try {
      const credential = await ceremony.run(ceremony.options(JSON.parse(form.dataset.options)));
      form.elements.passkey.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      hint.textContent = "The browser gave no passkey. Try again, or take another way.";
      button.disabled = false;
    }
  });
}
