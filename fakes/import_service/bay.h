// The data centre's drive bay: what stands in it now, by slot. Owned by whoever runs the data centre; one
// task at a time asks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fakes/reference/byte_source.h"

namespace seedbed {

class Bay {
 public:
  virtual ~Bay() = default;
  virtual std::vector<std::string> slots() = 0;
  // The serial number that the drive in the slot shows; "" when there is none or it cannot be told.
  virtual std::string serial_of(const std::string& slot) = 0;
  // The whole drive, read only; the source owns what it stands on.
  virtual Result<std::unique_ptr<reference::ByteSource>> open(const std::string& slot) = 0;
};

}  // namespace seedbed
