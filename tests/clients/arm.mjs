// Import jobs through Microsoft's JavaScript client for ARM (api-version 2021-01-01). Argument: the origin.
import assert from "node:assert/strict";
import { StorageImportExport } from "@azure/arm-storageimportexport";

const origin = process.argv[2];
const subscription = "11111111-2222-3333-4444-555555555555", group = "seed-group";

function client(token) {
  const credential = { getToken: async () => ({ token: token || "unused", expiresOnTimestamp: Date.now() + 3600e3 }) };
  const made = new StorageImportExport(credential, subscription, {
    endpoint: origin, allowInsecureConnection: true, retryOptions: { maxRetries: 0 },
  });
  if (!origin.startsWith("https")) {  // the client's own policy sends bearer tokens over https only
    made.pipeline.removePolicy({ name: "bearerTokenAuthenticationPolicy" });
    made.pipeline.addPolicy({
      name: "bearer",
      sendRequest(request, next) {
        if (token) request.headers.set("Authorization", `Bearer ${token}`);
        return next(request);
      },
    });
  }
  return made;
}
async function refused(promise, status, code, target) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.statusCode, status, error.message);
    assert.equal(error.code, code, error.message);
    if (target) assert.equal(error.details?.error?.target ?? error.details?.target, target);
    return true;
  });
}
async function collect(iterator) {
  const out = [];
  for await (const each of iterator) out.push(each);
  return out;
}
async function dock(path, body) {
  const answer = await fetch(`${origin}/_dock/${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const arm = client("token");
const address = {
  recipientName: "Test", streetAddress1: "Street1", city: "Redmond", stateOrProvince: "wa", postalCode: "98007",
  countryOrRegion: "USA", phone: "4250000000", email: "Test@contoso.com",
};
function job(driveId) {
  return {
    location: "West US", tags: { owner: "tests" },
    properties: {
      storageAccountId: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/devstoreaccount1`,
      jobType: "Import", returnAddress: address, returnShipping: { carrierName: "FedEx", carrierAccountNumber: "989ffff" },
      diagnosticsPath: "waimportexport", logLevel: "Verbose", backupDriveManifest: true,
      driveList: [{
        driveId, bitLockerKey: "238810-662376-448998-450120-652806-203390-606320-483076",
        manifestFile: "\\DriveManifest.xml", manifestHash: "109B21108597EF36D5785F08303F3638", driveHeaderHash: "",
      }],
    },
  };
}

assert.ok((await collect(arm.operations.list())).length > 0);
const locations = await collect(arm.locations.list());
assert.ok(locations.some((place) => place.name === "West US"));
const west = await arm.locations.get("West US");
assert.equal(west.city, "Santa Clara");
assert.deepEqual(west.supportedCarriers, ["FedEx"]);
assert.deepEqual(west.alternateLocations, ["/providers/Microsoft.ImportExport/locations/westus"]);
await refused(arm.locations.get("Atlantis"), 404, "ResourceNotFound");

const made = await arm.jobs.create("job-1", group, job("DRIVE1"));
assert.equal(made.name, "job-1");
assert.equal(made.type, "Microsoft.ImportExport/jobs");
assert.equal(made.properties.state, "Creating");
assert.equal(made.properties.provisioningState, "Succeeded");
assert.equal(made.properties.shippingInformation.city, "Santa Clara");
assert.equal(made.properties.driveList[0].state, "Specified");
assert.equal(made.properties.driveList[0].bitLockerKey, undefined);
assert.equal((await arm.jobs.create("JOB-1", group, job("DRIVE1"))).name, "job-1");  // again: the same
const shown = await arm.jobs.get("job-1", group);
assert.deepEqual(shown.tags, { owner: "tests" });
assert.deepEqual(shown.properties.returnAddress, address);
const keys = await collect(arm.bitLockerKeys.list("job-1", group));
assert.deepEqual(keys, [{ driveId: "DRIVE1", bitLockerKey: "238810-662376-448998-450120-652806-203390-606320-483076" }]);

const wrong = job("DRIVE9");
wrong.properties.returnAddress = { ...address, email: undefined };
await assert.rejects(arm.jobs.create("job-9", group, wrong));  // the client itself knows that it is required
wrong.properties.returnAddress = address;
wrong.location = "Atlantis";
await refused(arm.jobs.create("job-9", group, wrong), 400, "InvalidRequestContent");
await refused(arm.jobs.create("job-9", group, job("drive1")), 409, "Conflict");
await refused(arm.jobs.get("job-9", group), 404, "ResourceNotFound");

for (const n of [2, 3, 4]) await arm.jobs.create(`job-${n}`, group, job(`DRIVE${n}`));
assert.deepEqual((await collect(arm.jobs.listBySubscription({ top: 2 }))).map((j) => j.name), ["job-1", "job-2", "job-3", "job-4"]);
assert.deepEqual((await collect(arm.jobs.listByResourceGroup(group.toUpperCase(), { top: 3 }))).length, 4);

await refused(arm.jobs.update("job-1", group, { state: "Shipping" }), 400, "InvalidRequestContent");
const delivery = { carrierName: "FedEx", trackingNumber: "1Z9", driveCount: 1, shipDate: "2016-11-02" };
const shipped = await arm.jobs.update("job-1", group, { state: "Shipping", deliveryPackage: delivery });
assert.equal(shipped.properties.state, "Shipping");
assert.deepEqual(shipped.properties.deliveryPackage, delivery);
assert.equal((await arm.jobs.update("job-1", group, { state: "", logLevel: "Error" })).properties.logLevel, "Error");
await refused(arm.jobs.update("job-2", group, { state: "Shipping", deliveryPackage: delivery }), 409, "Conflict");
assert.deepEqual((await collect(arm.jobs.listBySubscription({ filter: "state eq 'Shipping'" }))).map((j) => j.name), ["job-1"]);
await refused(arm.jobs.delete("job-1", group), 409, "JobStateConflict");

assert.equal((await arm.jobs.update("job-2", group, { cancelRequested: true })).properties.state, "Completed");
await arm.jobs.delete("job-2", group);
await refused(arm.jobs.get("job-2", group), 404, "ResourceNotFound");

await dock("clock", { advance_s: 15 * 86400 });  // nobody shipped these, and no package came
await refused(arm.jobs.get("job-3", group), 404, "ResourceNotFound");
assert.equal((await arm.jobs.get("job-1", group)).properties.driveList[0].state, "NeverReceived");
if (!origin.startsWith("https")) await refused(client("").jobs.get("job-1", group), 401, "AuthenticationFailed");
console.log("ok");
