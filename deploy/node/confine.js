// Closes what jco leaves open. Imported before the component (`--jco-import`), this script passes on only the variables
// that are meant for the component, and lets requests out only to Microsoft Graph and the identity endpoint.
//
// INTUNE_SYNC_EGRESS, a list of origins separated by spaces, replaces the default list. The component does not see it.

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

/** The origin of a request as `URL` writes it, or undefined if it has none. */
function origin(request) {
  const scheme = request.scheme()?.tag ?? "HTTPS";
  try {
    return new URL(`${scheme}://${request.authority()}`).origin;
  } catch {
    return undefined;
  }
}
