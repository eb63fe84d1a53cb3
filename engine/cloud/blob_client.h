// Containers and blobs of one storage account, by Shared Key. Refers to the caller and the Runtime, which
// outlive it; any task may call. Every operation here may be repeated, and is (http_caller.h).
//
// What a return means for durability: when a putting call returns well, the service holds the bytes durably;
// after an error some of them may be there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/base/secret.h"
#include "engine/cloud/http_caller.h"

namespace seedbed {

struct BlobProperties {
  uint64_t length_bytes = 0;
  std::string type;  // "PageBlob", "BlockBlob"
  std::string etag;
  std::optional<Md5> content_md5;
  std::map<std::string, std::string> metadata;  // names in lower case
};

struct ListedBlob {
  std::string name;
  uint64_t length_bytes = 0;
  std::string type;
};

inline constexpr uint64_t kPutPageBytesMax = 4 * MiB;
inline constexpr uint64_t kPutBlobBytesMax = 64 * MiB;

class BlobClient {
 public:
  // The endpoint with the account, path style: "http://127.0.0.1:10000/devstoreaccount1".
  BlobClient(HttpCaller& caller, Runtime& runtime, std::string endpoint, std::string account,
             SecretBytes key);

  Status create_container(const std::string& container);  // there already: fine
  Result<bool> container_exists(const std::string& container);
  // A new page blob of zeros; already_exists when a blob of that name is there that this call did not make.
  Status create_page_blob(const std::string& container, const std::string& blob, uint64_t length_bytes);
  // At most 4 MiB, offset and length multiples of 512; sent with its MD5, which the service checks.
  Status put_page(const std::string& container, const std::string& blob, uint64_t offset_bytes,
                  ByteSpan data);
  // Ordered, adjacent ones joined.
  Result<std::vector<Extent>> page_ranges(const std::string& container, const std::string& blob);
  Status put_block_blob(const std::string& container, const std::string& blob, ByteSpan content);
  Result<std::optional<BlobProperties>> properties(const std::string& container, const std::string& blob);
  // Exactly that many bytes; corrupt when the service gives others, not_found when there is no such blob.
  Result<Bytes> read(const std::string& container, const std::string& blob, uint64_t offset_bytes,
                     uint64_t length_bytes);
  // The whole blob, at most `bound_bytes` of it (corrupt when it is longer).
  Result<Bytes> read_all(const std::string& container, const std::string& blob, uint64_t bound_bytes);
  Result<std::vector<ListedBlob>> list(const std::string& container, const std::string& prefix);
  Status delete_blob(const std::string& container, const std::string& blob);  // not there: fine
  // A URL by which anybody may read the blob until then. It is a secret. Valid from five minutes ago.
  std::string sas_url(const std::string& container, const std::string& blob, int64_t expiry_ns);
  // Without a signature.
  std::string url_of(const std::string& container, const std::string& blob) const;

 private:
  HttpRequest request(const char* method, const std::string& url) const;
  Result<CallOutcome> attempt(HttpRequest request);
  Result<HttpResponse> call(const HttpRequest& request);  // 2xx only

  HttpCaller& caller_;
  Runtime& runtime_;
  std::string endpoint_, account_;
  SecretBytes key_;
};

}  // namespace seedbed
