#include "fakes/storage_account/operations.h"

namespace seedbed {

namespace {

void add_lease_state(HttpResponse& response) {
  response.headers.emplace_back("x-ms-lease-status", "unlocked");
  response.headers.emplace_back("x-ms-lease-state", "available");
}

// Containers are made and removed with the account's key only.
Checked<void> need_key(const BlobCall& call) {
  return call.grant.everything ? Checked<void>() : need(call, "");
}

// The conditions of a container are those of a blob with its ETag.
Checked<void> check_container_conditions(const BlobCall& call, const ContainerRow& row) {
  BlobRow as_blob;
  as_blob.etag = row.etag;
  as_blob.modified_ns = row.modified_ns;
  return check_conditions(call.request, &as_blob);
}

}  // namespace

Answer create_container(const BlobCall& call) {
  TRY(need_key(call));
  if (has_header(call.request.http.headers, "x-ms-blob-public-access"))
    return refuse(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
  ContainerRow row;
  row.name = call.request.container;
  row.metadata = TRY(call.request.metadata());
  return in_transaction(call, [&]() -> Answer {
    if (TRY(call.store.container(call.request.account, row.name)))
      return refuse(409, "ContainerAlreadyExists", "The specified container already exists.");
    TRY(call.store.save_container(call.request.account, row));
    return response_with(201, row.etag, row.modified_ns);
  });
}

Answer delete_container(const BlobCall& call) {
  TRY(need_key(call));
  return in_transaction(call, [&]() -> Answer {
    const ContainerRow row = TRY(find_container(call));
    TRY(check_container_conditions(call, row));
    TRY(call.store.remove_container(row.id));
    HttpResponse response;
    response.status = 202;
    return response;
  });
}

Answer container_properties(const BlobCall& call) {
  TRY(need_key(call));
  Locked held(*call.state.lock);
  const ContainerRow row = TRY(find_container(call));
  HttpResponse response = response_with(200, row.etag, row.modified_ns);
  add_lease_state(response);
  response.headers.emplace_back("x-ms-has-immutability-policy", "false");
  response.headers.emplace_back("x-ms-has-legal-hold", "false");
  add_metadata(response, row.metadata);
  return response;
}

Answer set_container_metadata(const BlobCall& call) {
  TRY(need_key(call));
  const Metadata metadata = TRY(call.request.metadata());
  return in_transaction(call, [&]() -> Answer {
    ContainerRow row = TRY(find_container(call));
    TRY(check_container_conditions(call, row));
    row.metadata = metadata;
    TRY(call.store.save_container(call.request.account, row));
    return response_with(200, row.etag, row.modified_ns);
  });
}

}  // namespace seedbed
