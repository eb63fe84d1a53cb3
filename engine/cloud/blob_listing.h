// The two lists that the storage service tells in XML: the page ranges of a blob, and the blobs of a
// container. Bounded; errors carry `where`, line and column. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/cloud/blob_client.h"

namespace seedbed {

struct PageListing {
  std::vector<Extent> ranges;  // as told: not checked for order
  std::string next_marker;
};
Result<PageListing> parse_page_listing(std::string_view xml, const std::string& where);

struct BlobListing {
  std::vector<ListedBlob> blobs;
  std::string next_marker;
};
Result<BlobListing> parse_blob_listing(std::string_view xml, const std::string& where);

}  // namespace seedbed
