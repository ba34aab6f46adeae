// What jco leaves open, closed: imported before the component (`--jco-import`), this gives it of the environment only
// what is meant for it, and of the network only Microsoft Graph and the identity endpoint.
//
// INTUNE_SYNC_EGRESS, origins separated by blanks, replaces the list. It is not handed to the component.

import process from "node:process";
import { _setEnv, _setCwd } from "@bytecodealliance/preview2-shim/cli";
import { outgoingHandler } from "@bytecodealliance/preview2-shim/http";

const given = (process.env.INTUNE_SYNC_EGRESS ?? "https://graph.microsoft.com http://169.254.169.254").split(/\s+/);
const origins = new Set(given.filter(Boolean).map((origin) => new URL(origin).origin));

const meant = /^(INTUNE_SYNC|IDENTITY|AZURE)_/;
const environment = Object.entries(process.env).filter(([name]) => meant.test(name) && name !== "INTUNE_SYNC_EGRESS");
_setEnv(Object.fromEntries(environment));
_setCwd(undefined);

const handle = outgoingHandler.handle;
outgoingHandler.handle = (request, options) => {
  if (!origins.has(origin(request))) {
    throw { tag: "HTTP-request-denied" };
  }
  return handle.call(outgoingHandler, request, options);
};

/** The origin that a request goes to, as URL writes it; none where there is none. */
function origin(request) {
  const scheme = request.scheme()?.tag ?? "HTTPS";
  try {
    return new URL(`${scheme}://${request.authority()}`).origin;
  } catch {
    return undefined;
  }
}
