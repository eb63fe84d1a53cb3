// The operations of the Blob service, one function each. They take the ServiceState's lock themselves, check
// what the request may do, and answer only when what they did is durable.
#pragma once

#include "fakes/storage_account/blob_store.h"
#include "fakes/storage_account/signature.h"

namespace seedbed {

inline constexpr size_t kImportIdBytesMax = 256;  // of x-seedbed-import-id; the rest is cut

struct BlobCall {
  ServiceState& state;
  BlobStore& store;
  const BlobRequest& request;
  const Grant& grant;
};

// containers
Answer list_containers(const BlobCall& call);
Answer create_container(const BlobCall& call);
Answer delete_container(const BlobCall& call);
Answer container_properties(const BlobCall& call);
Answer set_container_metadata(const BlobCall& call);
Answer list_blobs(const BlobCall& call);
// blobs of both kinds
Answer put_blob(const BlobCall& call);
Answer get_blob(const BlobCall& call);  // HEAD too
Answer set_blob_metadata(const BlobCall& call);
Answer get_blob_metadata(const BlobCall& call);
Answer set_blob_properties(const BlobCall& call);
Answer delete_blob(const BlobCall& call);
// page blobs
Answer put_page(const BlobCall& call);
Answer get_page_ranges(const BlobCall& call);
// block blobs
Answer put_block(const BlobCall& call);
Answer put_block_list(const BlobCall& call);
Answer get_block_list(const BlobCall& call);

// --- what they share ---

// 403 unless the request may do one of these.
Checked<void> need(const BlobCall& call, std::string_view permissions);
// If-Match and its kin against what stands there (nothing: null). Reads answer 304 where nothing is newer.
Checked<void> check_conditions(const BlobRequest& request, const BlobRow* blob);
bool has_conditions(const BlobRequest& request);
Checked<ContainerRow> find_container(const BlobCall& call);
Checked<BlobRow> find_blob(const BlobCall& call);
HttpResponse response_with(int status, int64_t etag, int64_t modified_ns);
HttpResponse xml_response(Bytes body);
void add_metadata(HttpResponse& response, const Metadata& metadata);

// Runs `body` under the lock, in a transaction that commits when it answers; files that lost their last row
// are removed then.
template <typename Body>
Answer in_transaction(const BlobCall& call, Body body) {
  Locked held(*call.state.lock);
  call.store.forget_lost_files();  // of a transaction that failed
  Transaction transaction = TRY(call.state.database->begin());
  Answer answer = body();
  if (!answer) return answer;
  TRY(transaction.commit());
  call.store.remove_lost_files();
  return answer;
}

}  // namespace seedbed
