"use strict";
(() => {
  const form = document.querySelector(".filter");
  const wished = form.elements;
  const output = form.querySelector("output");
  const groups = [...document.querySelectorAll(".promises tbody")].map((body) => ({
    body,
    fold: body.querySelector(".fold"),
    folded: Boolean(body.querySelector(".fold")),
    title: body.querySelector(".title").textContent.toLowerCase(),
    cases: [...body.querySelectorAll(".case")].map((row) => ({ row, text: row.textContent.toLowerCase() })),
  }));
  const all = groups.reduce((sum, group) => sum + group.cases.length, 0);

  const wanted = (group, each, words) =>
    (!wished.area.value || group.body.dataset.area === wished.area.value) &&
    (!wished.verdict.value || each.row.dataset.verdict.split(" ").includes(wished.verdict.value)) &&
    words.every((word) => each.text.includes(word) || group.title.includes(word));

  const show = () => {
    const words = wished.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = Boolean(words.length || wished.verdict.value);
    let shown = 0;
    for (const group of groups) {
      let mine = 0;
      for (const each of group.cases) {
        const fits = wanted(group, each, words);
        mine += fits;
        each.row.hidden = !fits || (group.folded && !asked && "quiet" in each.row.dataset);
      }
      shown += mine;
      group.body.hidden = !mine;
      if (group.fold) group.fold.setAttribute("aria-expanded", String(!group.folded || asked));
    }
    output.textContent = output.dataset.text.replace("%shown%", shown).replace("%all%", all);
    document.querySelector(".none").hidden = shown > 0;
  };

  for (const group of groups.filter(({ fold }) => fold)) {
    group.fold.hidden = false;
    group.fold.addEventListener("click", () => {
      group.folded = group.fold.getAttribute("aria-expanded") === "true";
      show();
    });
  }
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  for (const link of document.querySelectorAll(".counts a")) {
    link.addEventListener("click", () => {
      form.reset();
      wished.verdict.value = link.dataset.verdict;
      show();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      wished.text.focus();
    }
  });

  for (const button of document.querySelectorAll(".copy")) {
    const line = button.parentElement.querySelector("pre");
    button.hidden = false;
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(line);
      if (navigator.clipboard) navigator.clipboard.writeText(line.textContent).catch(() => {});
    });
  }

  const reveal = (hash) => {
    const row = hash.startsWith("#case-") && document.getElementById(hash.slice(1));
    if (!row || !row.hidden) return;
    form.reset();
    for (const group of groups) if (group.body.contains(row)) group.folded = false;
    show();
    row.scrollIntoView();
  };

  const closed = [];
  addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll(".runbook:not([open])")) closed.push(each);
    for (const each of closed) each.open = true;
  });
  addEventListener("hashchange", () => reveal(location.hash));
  addEventListener("afterprint", () => {
    for (const each of closed.splice(0)) each.open = false;
  });
  show();
  reveal(location.hash);
})();
