#include "tests/house/definition_rules.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace seedbed::house {

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '_');
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Preprocessor lines have no scope: blanked, so that lines keep their numbers.
std::string without_directives(std::string_view text) {
  std::string kept;
  bool directive = false, goes_on = false;
  for (const auto& line : lines_of(text)) {
    const size_t first = line.find_first_not_of(" \t");
    directive = goes_on || (first != std::string::npos && line[first] == '#');
    goes_on = directive && line.ends_with('\\');
    kept += (directive ? "" : line) + "\n";
  }
  return kept;
}

// Walks the declarations at namespace scope.
class Reader {
 public:
  explicit Reader(const SourceFile& file) : tokens_(tokens_of(without_directives(file.text))) {}

  std::vector<Definition> read() {
    while (at_ < tokens_.size()) step();
    return std::move(found_);
  }

 private:
  std::string_view text(size_t at) const {
    return at < tokens_.size() ? std::string_view(tokens_[at].text) : std::string_view();
  }
  // The place after the bracket that closes the one at `at`.
  size_t behind(size_t at, std::string_view open, std::string_view close) const {
    int depth = 0;
    for (; at < tokens_.size(); at++) {
      if (text(at) == open) depth++;
      if (text(at) == close && --depth == 0) return at + 1;
    }
    return at;
  }

  void step() {
    if (text(at_) == "}") {
      if (!scopes_.empty()) scopes_.pop_back();
      at_++;
    } else if (text(at_) == ";") {
      at_++;
    } else if (text(at_) == "namespace" || (text(at_) == "inline" && text(at_ + 1) == "namespace")) {
      read_namespace();
    } else if (text(at_) == "extern" && text(at_ + 1) == "\"\"" && text(at_ + 2) == "{") {
      scopes_.emplace_back();
      at_ += 3;
    } else {
      read_declaration();
    }
  }

  void read_namespace() {
    std::string name;
    size_t at = at_;
    while (at < tokens_.size() && text(at) != "{" && text(at) != ";") {
      if (!one_of(text(at), {"inline", "namespace"})) name += text(at);
      at++;
    }
    if (text(at) == "{") scopes_.push_back({name.empty() ? "" : name + "::", name.empty()});
    at_ = at + 1;
  }

  bool hidden() const {
    return std::any_of(scopes_.begin(), scopes_.end(), [](const Scope& scope) { return scope.anonymous; });
  }
  void add(Definition::Kind kind, const std::string& name, bool body, size_t line) {
    if (hidden()) return;
    std::string full;
    for (const auto& scope : scopes_) full += scope.prefix;
    found_.push_back({kind, full + name, body, line});
  }

  // From at_ to behind the end of one declaration.
  void read_declaration() {
    size_t begin = at_;
    bool special = false;  // template <> …: a specialisation
    while (text(begin) == "template") {
      special = special || (text(begin + 1) == "<" && text(begin + 2) == ">");
      begin = text(begin + 1) == "<" ? behind(begin + 1, "<", ">") : begin + 1;
      if (text(begin) == "requires" && text(begin + 1) == "(") begin = behind(begin + 1, "(", ")");
    }
    size_t word = begin;
    while (one_of(text(word), {"typedef", "static", "inline", "constexpr", "extern", "const"})) word++;
    const bool is_type = one_of(text(word), {"struct", "class", "union", "enum"});

    // Where it ends, whether it is a function, where its name is.
    bool is_value = false, body = false;
    size_t open = 0;  // the parenthesis of the parameters
    int angles = 0;
    size_t at = begin;
    while (at < tokens_.size() && text(at) != ";") {
      if (text(at) == "operator" && open == 0 && !is_value) {
        at++;
        if (text(at) == "(") at += 2;
        while (at < tokens_.size() && text(at) != "(") at++;
        continue;
      }
      if (text(at) == "[") {
        at = behind(at, "[", "]");
      } else if (text(at) == "(") {
        if (open == 0 && !is_value && angles == 0 &&
            !one_of(text(at - 1), {"alignas", "decltype", "requires"}))
          open = at;
        at = behind(at, "(", ")");
      } else if (text(at) == "{") {
        body = true;
        at = behind(at, "{", "}");
        const bool goes_on = open == 0 || is_value || text(at) == "," || text(at) == "{";
        if (!goes_on) break;
        if (open == 0) is_value = true;  // nothing behind it makes it a function
      } else if (text(at) == "}") {
        break;  // lost: better to end here than to leave the scope
      } else {
        if (text(at) == "<") angles++;
        if (text(at) == ">" && angles > 0) angles--;
        if (text(at) == "=" && angles == 0 && open == 0) is_value = true;
        at++;
      }
    }
    const size_t end = at;
    at_ = text(end) == ";" ? end + 1 : std::max(end, at_ + 1);

    if (special || one_of(text(begin), {"using", "static_assert", "friend", "typedef", "asm", "concept"}))
      return;
    if (is_type && open == 0)
      read_type(word, end, body);
    else if (open != 0)
      read_function(begin, open, end, body);
    else
      read_variable(begin, end, body || is_value);
  }

  void read_type(size_t word, size_t end, bool body) {
    size_t at = word + 1;
    if (text(at) == "class" || text(at) == "struct") at++;  // enum class
    while (text(at) == "[") at = behind(at, "[", "]");
    if (text(at) == "alignas") at = behind(at + 1, "(", ")");
    if (!body || !is_name(text(at)) || at + 1 >= end) return;
    if (one_of(text(at + 1), {"{", ":", "final"}))
      add(Definition::Kind::type, std::string(text(at)), true, tokens_[at].line);
  }

  void read_function(size_t begin, size_t open, size_t end, bool body) {
    for (size_t at = begin; at < open; at++)
      if (text(at) == "static") return;
    size_t name = open - 1;
    while (name > begin && text(name) != "operator" && !is_name(text(name))) name--;
    if (name > begin && text(name - 1) == "operator") name--;
    if (name == begin || text(name - 1) == "::") return;  // a macro's call, a member
    if (text(name) == "main") return;
    std::string full;
    for (size_t at = name; at < open; at++) full += text(at);
    full += "(";
    const size_t close = behind(open, "(", ")") - 1;
    for (size_t at = open + 1; at < close;) full += read_parameter(at, close) + ",";
    add(Definition::Kind::function, full + ")", body && end > close, tokens_[name].line);
  }

  // The type of the parameter that begins at `at`, which then stands behind its comma.
  std::string read_parameter(size_t& at, size_t close) const {
    std::vector<std::string> words;
    bool has_default = false;
    int depth = 0;
    for (; at < close; at++) {
      if (one_of(text(at), {"(", "[", "{", "<"})) depth++;
      if (one_of(text(at), {")", "]", "}", ">"})) depth--;
      if (depth == 0 && text(at) == ",") break;
      if (depth == 0 && text(at) == "=") has_default = true;
      if (!has_default) words.emplace_back(text(at));
    }
    if (at < close) at++;
    // the last word is its name when a type stands before it
    if (words.size() > 1 && is_name(words.back())) {
      const std::string& before = words[words.size() - 2];
      if ((is_name(before) && before != "const") || one_of(before, {"&", "*", ">"})) words.pop_back();
    }
    std::string type;
    for (size_t i = 0; i < words.size(); i++)
      type += (i > 0 && is_name(words[i]) && is_name(words[i - 1]) ? " " : "") + words[i];
    return type;
  }

  // Of the variables those that the linker sees: inline, extern, and plain ones that are not constant.
  void read_variable(size_t begin, size_t end, bool body) {
    bool shared = false, internal = false;
    size_t name = 0;
    int angles = 0;
    for (size_t at = begin; at < end; at++) {
      if (one_of(text(at), {"inline", "extern"})) shared = true;
      if (one_of(text(at), {"static", "const", "constexpr"})) internal = true;
      if (text(at) == "<") angles++;
      if (text(at) == ">" && angles > 0) angles--;
      if (angles == 0 && one_of(text(at), {"=", "{", "["}) && at > begin) break;
      if (angles == 0 && is_name(text(at))) name = at;
    }
    if (name <= begin || text(name - 1) == "::" || (internal && !shared)) return;
    add(Definition::Kind::variable, std::string(text(name)), body, tokens_[name].line);
  }

  struct Scope {
    std::string prefix;
    bool anonymous = false;
  };
  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::vector<Scope> scopes_;
  std::vector<Definition> found_;
};

}  // namespace

std::vector<Definition> definitions_of(const SourceFile& file) {
  return Reader(file).read();
}

Breaches check_one_definition(const std::vector<SourceFile>& files) {
  struct Seen {
    std::string place, room, path;
    bool body = false;
  };
  std::map<std::string, Seen> seen;
  Breaches breaches;
  for (const auto& file : files) {
    if (!is_header(file.path) && !is_source(file.path)) continue;
    const std::string room = room_of(file.path);
    if (room.starts_with("tests") || room == "bench") continue;
    for (const auto& definition : definitions_of(file)) {
      const Seen now{place_of(file, definition.line), room, file.path, definition.body};
      const auto [entry, first] = seen.emplace(definition.name, now);
      Seen& before = entry->second;
      if (first) continue;
      if (before.room != room)
        breaches.push_back({now.place, definition.name + " is in another room too, at " + before.place +
                                           ": the linker would take one for both"});
      else if (before.body && now.body && before.path != file.path)
        breaches.push_back({now.place, definition.name + " has a body at " + before.place + " too"});
      before.body = before.body || now.body;
    }
  }
  return breaches;
}

}  // namespace seedbed::house
