// Asks the server that the page came from. Paths are relative, so the token of the address stays in it.

export async function get(path) {
  return answer(await fetch(`api/${path}`));
}

export async function post(path, body) {
  const headers = {"content-type": "application/json"};
  return answer(await fetch(`api/${path}`, {method: "POST", headers, body: JSON.stringify(body)}));
}

async function answer(response) {
  const found = await response.json();
  if (!response.ok) throw new Error(found.error);
  return found;
}
