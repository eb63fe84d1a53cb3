// XML as a stream, both ways: a reader over libxml2's xmlTextReader and a small writer. UTF-8 only, without
// document types, entities of one's own, processing instructions or network; every length is bounded before
// it is believed. Owned by one task; the reader's source may park (nothing of libxml2's thread state is kept
// across a call of it).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

struct XmlLimits {
  int depth_max = 16;
  size_t attributes_max = 16;
  size_t value_bytes_max = 32 * KiB;  // of one attribute, or of one element's text
  uint64_t document_bytes_max = 4 * GiB;
};

class XmlReader {
 public:
  // Bytes got from `offset_bytes`, 0 at the end. Called in ascending order; its error ends the reading.
  using Source = std::function<Result<size_t>(uint64_t offset_bytes, MutableByteSpan out)>;
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  enum class Tag : uint8_t { begin, end, none };  // none: the document has ended well

  XmlReader(Source source, std::string where, XmlLimits limits = {});
  ~XmlReader();

  // The next begin or end tag (an empty element gives both). Text on the way must be white space.
  Result<Tag> next();
  std::string_view name() const noexcept;         // of the tag; with its prefix, if any
  const Attributes& attributes() const noexcept;  // of the begin tag
  // The text of the element whose begin tag came last, and its end tag with it.
  Result<std::string> text();
  // Passes over the rest of the element whose begin tag came last, text and elements, and its end tag with
  // it.
  Status skip();
  // `what` at the line and column read so far.
  std::unexpected<Error> fail_here(std::string what, ErrorCode code = ErrorCode::corrupt) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A reader's source over a text that outlives it.
XmlReader::Source xml_source_of(std::string_view text);

// Writes elements, indented, one line each. What it is given is escaped; what XML cannot hold at all is
// invalid_argument. Elements are closed by their name. Bytes reach the sink in pieces of 64 KiB or so; the
// last at finish().
class XmlWriter {
 public:
  using Sink = std::function<Status(ByteSpan)>;
  explicit XmlWriter(Sink sink);
  ~XmlWriter();  // wipes what it holds: documents carry keys

  Status declaration();
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  Status begin(std::string_view name, Attributes attributes = {});
  Status end(std::string_view name);
  Status empty(std::string_view name, Attributes attributes);  // <name ... />
  Status text(std::string_view name, std::string_view value);  // <name>value</name>
  Status finish();

 private:
  Status line(std::string_view open, std::string_view name, Attributes attributes, std::string_view close);
  Status flush_beyond(size_t bytes);

  Sink sink_;
  std::string buffer_;
  size_t depth_ = 0;
};

// Is the text UTF-8 of characters that XML 1.0 can hold?
bool is_xml_text(std::string_view text);
// A name for an error message: control bytes and bytes that are no UTF-8 as \x07.
std::string printable(std::string_view text);

}  // namespace seedbed
