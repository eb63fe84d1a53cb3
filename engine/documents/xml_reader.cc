#include <fmt/format.h>
#include <libxml/xmlreader.h>

#include <algorithm>
#include <exception>

#include "engine/documents/xml.h"

namespace seedbed {

static constexpr std::string_view kDoctype = "<!DOCTYPE";

struct XmlReader::State {
  Source source;
  std::string where;
  XmlLimits limits;
  xmlTextReaderPtr reader = nullptr;

  // Between the source and libxml2.
  Bytes ahead;
  size_t ahead_at = 0;
  uint64_t offset_bytes = 0;
  size_t doctype_matched = 0;  // how much of kDoctype the last bytes handed over were
  std::optional<Error> failure;
  std::exception_ptr thrown;  // never through C frames

  // The current tag.
  std::string name;
  Attributes attributes;
  bool passing = false;      // skip(): text may stand between the tags
  bool end_follows = false;  // an empty element's end tag is yet to be told

  ~State() { xmlFreeTextReader(reader); }
  static void on_error(void* context, xmlErrorPtr error);
  static int on_read(void* context, char* out, int size_bytes);
  void open();
  int refill(uint8_t* out, size_t size_bytes);
  Result<bool> advance();
  std::string position() const;
  int depth() const { return xmlTextReaderDepth(reader); }
};

static std::string position_text(const std::string& where, int line, int column) {
  return fmt::format("{}: line {}, column {}", where, line, column);
}

std::string XmlReader::State::position() const {
  if (reader == nullptr) return position_text(where, 1, 1);
  return position_text(where, xmlTextReaderGetParserLineNumber(reader),
                       xmlTextReaderGetParserColumnNumber(reader));
}

// libxml2's messages may quote the document, which may hold keys, with and without quotation marks: only
// their first plain words are told.
static std::string fixed_part(const char* message) {
  constexpr size_t kWordMax = 14;
  std::string_view text = message == nullptr ? "" : message;
  text = text.substr(0, text.find_first_of(":'\"\n"));
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.ends_with(',')) word.remove_suffix(1);
    const std::string_view small = out.empty() && !word.empty() ? word.substr(1) : word;
    if (word.size() > kWordMax || std::ranges::any_of(small, [](char c) { return c < 'a' || c > 'z'; }))
      break;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out.empty() ? "it is not well-formed" : out;
}

void XmlReader::State::on_error(void* context, xmlErrorPtr error) {
  auto& state = *static_cast<State*>(context);
  if (state.failure || error == nullptr || error->level < XML_ERR_ERROR) return;
  state.failure = Error{ErrorCode::corrupt,
                        "the XML is damaged: " + fixed_part(error->message),
                        position_text(state.where, error->line, error->int2),
                        {}};
}

int XmlReader::State::on_read(void* context, char* out, int size_bytes) {
  auto& state = *static_cast<State*>(context);
  try {
    return state.refill(reinterpret_cast<uint8_t*>(out), static_cast<size_t>(size_bytes));
  } catch (...) {  // Killed, or no memory: thrown again when libxml2 has returned
    state.thrown = std::current_exception();
    return -1;
  }
}

void XmlReader::State::open() {
  static const bool ready = (xmlInitParser(), true);
  (void)ready;
  // The encoding is ours to say: UTF-8, whatever the document declares. No NOENT, no DTDLOAD, no HUGE:
  // libxml2's own bounds hold.
  reader = xmlReaderForIO(on_read, nullptr, this, nullptr, "UTF-8", XML_PARSE_NONET | XML_PARSE_COMPACT);
  if (thrown) std::rethrow_exception(thrown);  // it read ahead already
  if (reader == nullptr) throw std::bad_alloc();
  xmlTextReaderSetStructuredErrorHandler(reader, on_error, this);
}

// Hands over at most one tag at a time, so that the parser's line and column are those of the tag that is
// looked at.
int XmlReader::State::refill(uint8_t* out, size_t size_bytes) {
  if (failure || thrown) return -1;
  if (ahead_at == ahead.size()) {
    ahead.resize(64 * KiB);
    auto got_bytes = source(offset_bytes, ahead);
    if (!got_bytes) {
      failure = std::move(got_bytes).error();
      return -1;
    }
    ahead.resize(std::min(*got_bytes, ahead.size()));
    ahead_at = 0;
    offset_bytes += ahead.size();
    if (offset_bytes > limits.document_bytes_max) {
      failure = Error{ErrorCode::corrupt,
                      fmt::format("the document is longer than {} bytes", limits.document_bytes_max),
                      position(),
                      {}};
      return -1;
    }
  }
  size_t count = 0;
  while (count < size_bytes && ahead_at < ahead.size()) {
    const uint8_t byte = ahead[ahead_at++];
    out[count++] = byte;
    // A document type is not even shown to the parser: its entities would be the reader's first work.
    doctype_matched = byte == static_cast<uint8_t>(kDoctype[doctype_matched]) ? doctype_matched + 1
                      : byte == '<'                                           ? 1
                                                                              : 0;
    if (doctype_matched == kDoctype.size()) {
      failure =
          Error{ErrorCode::corrupt, "the XML has a document type, which none of ours has", position(), {}};
      return -1;
    }
    if (byte == '>') break;
  }
  return static_cast<int>(count);
}

// To the next node; false at the end.
Result<bool> XmlReader::State::advance() {
  if (reader == nullptr) open();
  if (failure) return std::unexpected(*failure);
  const int got = xmlTextReaderRead(reader);
  if (thrown) std::rethrow_exception(thrown);
  if (!failure && got < 0)
    failure = Error{ErrorCode::corrupt, "the XML is damaged: it is not well-formed", position(), {}};
  if (failure) return std::unexpected(*failure);
  return got == 1;
}

XmlReader::XmlReader(Source source, std::string where, XmlLimits limits) : state_(std::make_unique<State>()) {
  state_->source = std::move(source);
  state_->where = std::move(where);
  state_->limits = limits;
}
XmlReader::~XmlReader() = default;

std::string_view XmlReader::name() const noexcept {
  return state_->name;
}
const XmlReader::Attributes& XmlReader::attributes() const noexcept {
  return state_->attributes;
}

std::unexpected<Error> XmlReader::fail_here(std::string what, ErrorCode code) const {
  return fail(code, std::move(what), state_->position());
}

static std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

Result<XmlReader::Tag> XmlReader::next() {
  State& s = *state_;
  if (s.end_follows) {
    s.end_follows = false;
    return Tag::end;
  }
  while (TRY(s.advance())) {
    switch (xmlTextReaderNodeType(s.reader)) {
      case XML_READER_TYPE_ELEMENT: {
        if (s.depth() >= s.limits.depth_max)
          return fail_here(fmt::format("elements are nested deeper than {}", s.limits.depth_max));
        s.name = view_of(xmlTextReaderConstName(s.reader));
        s.end_follows = xmlTextReaderIsEmptyElement(s.reader) == 1;
        s.attributes.clear();
        while (xmlTextReaderMoveToNextAttribute(s.reader) == 1) {
          const std::string_view value = view_of(xmlTextReaderConstValue(s.reader));
          if (s.attributes.size() == s.limits.attributes_max || value.size() > s.limits.value_bytes_max)
            return fail_here("an element's attributes are too many or too long");
          s.attributes.emplace_back(view_of(xmlTextReaderConstName(s.reader)), value);
        }
        xmlTextReaderMoveToElement(s.reader);
        return Tag::begin;
      }
      case XML_READER_TYPE_END_ELEMENT:
        s.name = view_of(xmlTextReaderConstName(s.reader));
        return Tag::end;
      case XML_READER_TYPE_WHITESPACE:
      case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
      case XML_READER_TYPE_COMMENT:
        break;
      case XML_READER_TYPE_TEXT:
      case XML_READER_TYPE_CDATA:
        if (s.passing) break;
        [[fallthrough]];
      default:
        return fail_here("text, a reference or an instruction stands where only elements may");
    }
  }
  return Tag::none;
}

Result<std::string> XmlReader::text() {
  State& s = *state_;
  std::string text;
  if (std::exchange(s.end_follows, false)) return text;
  while (TRY(s.advance())) {
    switch (xmlTextReaderNodeType(s.reader)) {
      case XML_READER_TYPE_END_ELEMENT:
        return text;
      case XML_READER_TYPE_COMMENT:
        break;
      case XML_READER_TYPE_TEXT:
      case XML_READER_TYPE_CDATA:
      case XML_READER_TYPE_WHITESPACE:
      case XML_READER_TYPE_SIGNIFICANT_WHITESPACE: {
        const std::string_view piece = view_of(xmlTextReaderConstValue(s.reader));
        if (piece.size() > s.limits.value_bytes_max - text.size())
          return fail_here(
              fmt::format("the text of {} is longer than {} bytes", s.name, s.limits.value_bytes_max));
        text += piece;
        break;
      }
      default:
        return fail_here(fmt::format("{} holds more than text", s.name));
    }
  }
  return fail_here("the document ends within an element");
}

Status XmlReader::skip() {
  State& s = *state_;
  s.passing = true;  // text stands in what is passed over
  const auto pass = [&]() -> Status {
    for (int depth = 1; depth > 0;) {
      switch (TRY(next())) {
        case Tag::begin:
          depth++;
          break;
        case Tag::end:
          depth--;
          break;
        case Tag::none:
          return fail_here("the document ends within an element");
      }
    }
    return {};
  };
  Status passed = pass();
  s.passing = false;
  return passed;
}

XmlReader::Source xml_source_of(std::string_view text) {
  return [text](uint64_t offset_bytes, MutableByteSpan out) -> Result<size_t> {
    const std::string_view rest = text.substr(std::min<uint64_t>(offset_bytes, text.size()), out.size());
    std::copy(rest.begin(), rest.end(), out.begin());
    return rest.size();
  };
}

}  // namespace seedbed
