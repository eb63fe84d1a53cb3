// A source file as the house's rules see it: its lines, and its tokens without comments and the insides of
// strings. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seedbed::house {

struct SourceFile {
  std::string path;  // from the top of the tree, with '/'
  std::string text;
};

// One breach of a rule.
struct Breach {
  std::string place;  // "path:line"
  std::string what;
  std::string line() const { return place + ": " + what; }
};
using Breaches = std::vector<Breach>;

struct Token {
  std::string text;  // an identifier or number whole, "::", "->" and "...", else one character; strings and
                     // characters as "\"\""
  size_t line = 1;
};
std::vector<Token> tokens_of(std::string_view text);

struct Include {
  std::string target;
  bool quoted = false;
  size_t line = 1;
};
std::vector<Include> includes_of(std::string_view text);

std::vector<std::string> lines_of(std::string_view text);
std::string place_of(const SourceFile& file, size_t line);
bool is_header(std::string_view path);
bool is_source(std::string_view path);  // .cc
bool is_main(std::string_view path);    // …main.cc
// "engine/volume" of "engine/volume/x.h", "simulator" of "simulator/x.h", "fakes/reference" of …
std::string room_of(std::string_view path);

}  // namespace seedbed::house
