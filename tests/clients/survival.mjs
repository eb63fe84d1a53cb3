// Arguments: the origin, and "put" or "get": what was put is read back by another run, after the service was killed.
import assert from "node:assert/strict";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";

const [origin, what] = process.argv.slice(2);
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const service = new BlobServiceClient(`${origin}/devstoreaccount1`, new StorageSharedKeyCredential("devstoreaccount1", key));
const container = service.getContainerClient("survivor");
const page = container.getPageBlobClient("page");
const block = container.getBlockBlobClient("block");
const data = Buffer.alloc(65536, "seed");
if (what === "put") {
  await container.create();
  await page.create(1 << 20);
  await page.uploadPages(data, 65536, data.length);
  await block.upload(data, data.length);
} else {
  const whole = await page.downloadToBuffer();
  assert.ok(whole.subarray(65536, 131072).equals(data));
  assert.ok(whole.subarray(0, 65536).equals(Buffer.alloc(65536)));
  assert.ok((await block.downloadToBuffer()).equals(data));
}
