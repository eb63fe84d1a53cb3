// The Blob service through Microsoft's JavaScript client. Argument: the origin. Environment: NODE_EXTRA_CA_CERTS for https.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  BlobServiceClient, ContainerClient, BlobClient, StorageSharedKeyCredential, ContainerSASPermissions, BlobSASPermissions,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";

const origin = process.argv[2];
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const once = { retryOptions: { maxTries: 1 } };
const credential = new StorageSharedKeyCredential(account, key);
const service = new BlobServiceClient(`${origin}/${account}`, credential, once);
const md5 = (bytes) => createHash("md5").update(bytes).digest();
const MiB = 1024 * 1024;

async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.statusCode, status, error.message);
    assert.equal(error.code ?? error.details?.errorCode, code, error.message);
    return true;
  });
}
async function collect(iterator) {
  const out = [];
  for await (const each of iterator) out.push(each);
  return out;
}

const container = service.getContainerClient("seed-box");
assert.equal(await container.exists(), false);
await container.create({ metadata: { purpose: "seeding" } });
await refused(container.create(), 409, "ContainerAlreadyExists");
assert.deepEqual((await container.getProperties()).metadata, { purpose: "seeding" });
assert.deepEqual((await collect(service.listContainers())).map((c) => c.name), ["seed-box"]);

// --- a page blob ---
const size = 24 * MiB;
const page = container.getPageBlobClient("job 1/ä+&_000.BaseBlob");
await page.create(size, { metadata: { a: "1" }, blobHTTPHeaders: { blobContentType: "application/x-base" } });
const data = Buffer.alloc(4 * MiB);
for (let i = 0; i < data.length; i++) data[i] = (i * 7 + (i >> 9)) & 255;
const put = await page.uploadPages(data, 0, data.length, { transactionalContentMD5: md5(data) });
assert.deepEqual(Buffer.from(put.contentMD5), md5(data));
await page.uploadPages(data, 4 * MiB, data.length, { transactionalContentMD5: md5(data) });
await page.uploadPages(data.subarray(0, 512), 16 * MiB, 512);
const ranges = (await page.getPageRanges()).pageRange.map((r) => [r.offset, r.offset + r.count + 1]);
assert.deepEqual(ranges, [[0, 8 * MiB], [16 * MiB, 16 * MiB + 512]]);
assert.deepEqual((await collect(page.listPageRanges(0, size, { maxPageSize: 1 }).byPage({ maxPageSize: 1 }))).length, 2);
await page.clearPages(512, 512);
const whole = await page.downloadToBuffer();
assert.equal(whole.length, size);
assert.ok(whole.subarray(0, 512).equals(data.subarray(0, 512)));
assert.ok(whole.subarray(512, 1024).equals(Buffer.alloc(512)));
assert.ok(whole.subarray(1024, 4 * MiB).equals(data.subarray(1024)));
assert.ok(whole.subarray(8 * MiB, 16 * MiB).equals(Buffer.alloc(8 * MiB)));
const part = await page.downloadToBuffer(4 * MiB + 3, 1000);
assert.ok(part.equals(data.subarray(3, 1003)));
const properties = await page.getProperties();
assert.equal(properties.contentLength, size);
assert.equal(properties.blobType, "PageBlob");
assert.equal(properties.contentType, "application/x-base");
await refused(page.uploadPages(data, 8 * MiB, data.length, { transactionalContentMD5: md5(Buffer.from("x")) }), 400, "Md5Mismatch");
await refused(page.uploadPages(data.subarray(0, 512), size, 512), 416, "InvalidRange");
await refused(page.uploadPages(data.subarray(0, 100), 0, 100), 416, "InvalidPageRange");
await refused(page.uploadPages(Buffer.alloc(4 * MiB + 512), 0, 4 * MiB + 512), 413, "RequestBodyTooLarge");
await refused(page.uploadPages(data.subarray(0, 512), 0, 512, { conditions: { ifMatch: '"0x0"' } }), 412, "ConditionNotMet");
await refused(page.create(1000), 400, "InvalidHeaderValue");
await refused(page.create(size, { conditions: { ifNoneMatch: "*" } }), 409, "BlobAlreadyExists");
await page.resize(32 * MiB);
assert.equal((await page.getProperties()).contentLength, 32 * MiB);

// --- block blobs ---
const block = container.getBlockBlobClient("dir/small.txt");
await block.upload("hello, world", 12, { blobHTTPHeaders: { blobContentType: "text/plain" }, metadata: { Mixed: "Case" } });
const small = await block.download();
assert.equal(small.contentType, "text/plain");
assert.equal((await collect(small.readableStreamBody)).join(""), "hello, world");
assert.equal(small.contentEncoding, undefined);
const large = container.getBlockBlobClient("dir/large.bin");
await large.uploadData(whole, { blockSize: 5 * MiB, maxSingleShotSize: MiB, concurrency: 3 });
assert.ok((await large.downloadToBuffer()).equals(whole));
assert.equal((await large.getBlockList("committed")).committedBlocks.length, 5);
await large.stageBlock(Buffer.from("id-000000000000000000000000").toString("base64"), "abc", 3);
await refused(large.commitBlockList([Buffer.from("never").toString("base64")]), 400, "InvalidBlockList");
await refused(block.upload("hello", 5, { conditions: { ifNoneMatch: "*" } }), 409, "BlobAlreadyExists");
await block.setMetadata({ b: "2" });
assert.deepEqual((await block.getProperties()).metadata, { b: "2" });
await block.setHTTPHeaders({ blobContentType: "text/html", blobCacheControl: "no-store" });
assert.equal((await block.getProperties()).contentType, "text/html");
const compressible = container.getBlockBlobClient("zeros.txt");  // what a server may be tempted to compress
await compressible.upload("0".repeat(100000), 100000, { blobHTTPHeaders: { blobContentType: "text/plain", blobContentEncoding: "identity" } });
assert.equal((await compressible.downloadToBuffer()).length, 100000);

// --- listings ---
const names = (await collect(container.listBlobsFlat())).map((b) => b.name);
assert.deepEqual(names, ["dir/large.bin", "dir/small.txt", "job 1/ä+&_000.BaseBlob", "zeros.txt"]);
const pages = await collect(container.listBlobsFlat({ prefix: "dir/", includeMetadata: true }).byPage({ maxPageSize: 1 }));
assert.deepEqual(pages.map((p) => p.segment.blobItems.map((b) => b.name)), [["dir/large.bin"], ["dir/small.txt"]]);
const tree = (await collect(container.listBlobsByHierarchy("/"))).map((b) => `${b.kind} ${b.name}`);
assert.deepEqual(tree, ["prefix dir/", "prefix job 1/", "blob zeros.txt"]);

// --- who may ---
const stranger = new StorageSharedKeyCredential(account, Buffer.from("not the key").toString("base64"));
await refused(new BlobServiceClient(`${origin}/${account}`, stranger, once).getContainerClient("seed-box").create(), 403, "AuthenticationFailed");
await refused(new ContainerClient(`${origin}/${account}/seed-box`, undefined, once).getProperties(), 401, "NoAuthenticationInformation");
const expiresOn = new Date(Date.now() + 3600e3);
const containerSas = generateBlobSASQueryParameters({ containerName: "seed-box", permissions: ContainerSASPermissions.parse("rwdl"), expiresOn }, credential);
const by = new ContainerClient(`${origin}/${account}/seed-box?${containerSas}`, undefined, once);
assert.equal((await collect(by.listBlobsFlat())).length, 4);
await by.getBlockBlobClient("by sas").upload("x", 1);
const blobSas = generateBlobSASQueryParameters({ containerName: "seed-box", blobName: "by sas", permissions: BlobSASPermissions.parse("r"), expiresOn }, credential);
const reader = new BlobClient(`${origin}/${account}/seed-box/by%20sas?${blobSas}`, undefined, once);
assert.equal((await reader.downloadToBuffer()).toString(), "x");
await refused(reader.delete(), 403, "AuthorizationPermissionMismatch");
const old = generateBlobSASQueryParameters({ containerName: "seed-box", permissions: ContainerSASPermissions.parse("r"), expiresOn: new Date(Date.now() - 1000) }, credential);
await refused(new ContainerClient(`${origin}/${account}/seed-box?${old}`, undefined, once).getBlobClient("by sas").getProperties(), 403, "AuthenticationFailed");

// --- going ---
await refused(container.getBlobClient("never").delete(), 404, "BlobNotFound");
await block.delete();
assert.equal(await block.exists(), false);
await refused(service.getContainerClient("no--good").create(), 400, "InvalidResourceName");
await refused(service.getContainerClient("never").getBlobClient("x").download(), 404, "ContainerNotFound");
await container.delete();
assert.equal(await container.exists(), false);
console.log("storage client: as expected");
