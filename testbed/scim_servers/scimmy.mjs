// A SCIM 2.0 service made of SCIMMY and its routers, with nothing of ours but the shelves that hold the resources.
//
//   node scimmy.mjs --modules .cache/npm-scim/package.json --port 8080 --token T [--without-patch] [--without-user-groups]
//
// SCIMMY parses, filters, patches and words its errors; the handlers below store what it hands them.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import path from "node:path";
import process from "node:process";

const { values: options } = parseArgs({
  options: {
    modules: { type: "string" },
    port: { type: "string" },
    token: { type: "string" },
    "without-patch": { type: "boolean", default: false },
    "without-user-groups": { type: "boolean", default: false },
  },
});
const require = createRequire(path.resolve(options.modules));
const express = require("express");
// Both must come as ES modules: as CommonJS they would hold two different SCIMMY classes.
const found = (name) => pathToFileURL(require.resolve(name).replace(/\.cjs$/, ".js").replace("/dist/cjs/", "/dist/"));
const { default: SCIMMY } = await import(found("scimmy"));
const { default: SCIMMYRouters } = await import(found("scimmy-routers"));

const shelves = { users: new Map(), groups: new Map() };
let next = 1;

const membershipsOf = (user) =>
  [...shelves.groups.values()]
    .filter((group) => (group.members ?? []).some((member) => member.value === user))
    .map((group) => ({ value: group.id, display: group.displayName, type: "direct" }));

const shownUser = (user) =>
  options["without-user-groups"] ? user : { ...user, groups: membershipsOf(user.id) };

function handle(Resource, shelf, kind, unique, shown) {
  SCIMMY.Resources.declare(Resource)
    .ingress((resource, instance) => {
      const known = resource.id === undefined ? undefined : shelf.get(resource.id);
      if (resource.id !== undefined && known === undefined) {
        throw new SCIMMY.Types.Error(404, null, `${kind} not found`);
      }
      const name = String(instance[unique]).toLowerCase();
      for (const other of shelf.values()) {
        if (other !== known && String(other[unique]).toLowerCase() === name) {
          throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} is taken`);
        }
      }
      const now = new Date().toISOString();
      const id = known?.id ?? `${kind}-${next++}`;
      const kept = JSON.parse(JSON.stringify({ ...instance, groups: undefined }));
      kept.id = id;
      kept.meta = { created: known?.meta.created ?? now, lastModified: now };
      shelf.set(id, kept);
      return shown(kept);
    })
    .egress((resource) => {
      if (resource.id !== undefined) {
        const known = shelf.get(resource.id);
        if (known === undefined) throw new SCIMMY.Types.Error(404, null, `${kind} not found`);
        return shown(known);
      }
      const all = [...shelf.values()].map(shown);
      return resource.filter === undefined ? all : resource.filter.match(all);
    })
    .degress((resource) => {
      if (!shelf.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `${kind} not found`);
      for (const group of shelves.groups.values()) {
        group.members = (group.members ?? []).filter((member) => member.value !== resource.id);
      }
    });
}

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser);
handle(SCIMMY.Resources.User, shelves.users, "user", "userName", shownUser);
handle(SCIMMY.Resources.Group, shelves.groups, "group", "displayName", (group) => ({ members: [], ...group }));

const app = express();
if (options["without-patch"]) {
  app.patch("/v2/*splat", (request, response) => {
    response.type("application/scim+json").status(501).send(new SCIMMY.Messages.Error({ status: 501 }));
  });
}
const routers = new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("authorization") !== `Bearer ${options.token}`) throw new Error("unknown token");
    return "nobody";
  },
});
if (options["without-patch"]) SCIMMY.Config.set({ patch: false });
app.use("/v2", routers);
app.listen(Number(options.port), "127.0.0.1", () => process.stdout.write("listening\n"));
