// The rules themselves: each must let the right through and must be able to fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/house/build_rules.h"
#include "tests/house/code_rules.h"
#include "tests/house/definition_rules.h"
#include "tests/house/include_rules.h"

namespace seedbed::house {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> texts(const Breaches& breaches) {
  std::vector<std::string> lines;
  for (const auto& breach : breaches) lines.push_back(breach.line());
  return lines;
}

TEST(Tokens, LeaveOutCommentsAndStringsAndKeepLines) {
  std::vector<std::string> words;
  std::vector<size_t> lines;
  for (const auto& token :
       tokens_of("a /* b\n c */ \"d \\\" e\" // f\n R\"x(g\n)h)x\" i->j 1'000 'k' ...\n::l")) {
    words.push_back(token.text);
    lines.push_back(token.line);
  }
  EXPECT_THAT(words, ElementsAre("a", "\"\"", "\"\"", "i", "->", "j", "1'000", "\"\"", "...", "::", "l"));
  EXPECT_THAT(lines, ElementsAre(1, 2, 3, 4, 4, 4, 4, 4, 4, 5, 5));
  EXPECT_THAT(tokens_of("\"open"), testing::SizeIs(1));
  EXPECT_THAT(tokens_of("/* open"), IsEmpty());
}

TEST(Includes, AreFoundHoweverTheyAreSpaced) {
  const auto includes = includes_of("#include \"a/b.h\"\n  #  include <c>\n// #include \"no\"\nx\n");
  ASSERT_EQ(includes.size(), 2u);
  EXPECT_EQ(includes[0].target, "a/b.h");
  EXPECT_TRUE(includes[0].quoted);
  EXPECT_EQ(includes[1].target, "c");
  EXPECT_EQ(includes[1].line, 2u);
}

struct Door {
  const char* from;
  const char* to;
  bool open;
};

TEST(IncludeRules, TheDoorsOfTheHouse) {
  const Door doors[] = {
      {"engine/ports/a.h", "engine/base/b.h", true},
      {"engine/base/a.h", "engine/ports/b.h", false},
      {"engine/documents/a.cc", "engine/ports/b.h", true},
      {"engine/documents/a.cc", "engine/compression/b.h", false},
      {"engine/volume/a.cc", "engine/sectors/b.h", true},
      {"engine/sectors/a.cc", "engine/volume/b.h", false},
      {"engine/sectors/a.cc", "engine/journal/b.h", false},
      {"engine/journal/a.cc", "engine/sectors/b.h", false},
      {"engine/prep/a.cc", "engine/journal/b.h", true},
      {"engine/prep/a.cc", "engine/agent/b.h", false},
      {"engine/prep/a.cc", "engine/linux/b.h", false},
      {"engine/prep/a.cc", "simulator/b.h", false},
      {"engine/prep/a.cc", "reports/b.h", false},
      {"engine/volume/a.cc", "fakes/reference/b.h", false},
      {"engine/linux/a.cc", "simulator/b.h", false},
      {"simulator/a.cc", "engine/linux/b.h", false},
      {"simulator/a.cc", "engine/ports/b.h", true},
      {"engine/cli/offseed_main.cc", "engine/linux/b.h", true},
      {"engine/cli/a.cc", "engine/prep/b.h", true},
      {"engine/cli/a.cc", "simulator/b.h", false},
      {"fakes/reference/a.cc", "engine/base/b.h", true},
      {"fakes/reference/a.cc", "engine/volume/b.h", false},
      {"fakes/reference/a.cc", "engine/linux/b.h", false},
      {"fakes/reference/a.cc", "fakes/portal/b.h", false},
      {"fakes/reference/drivereader_main.cc", "engine/linux/b.h", true},
      {"fakes/reference/drivereader_main.cc", "engine/sectors/b.h", false},
      {"fakes/import_service/a.cc", "fakes/reference/b.h", true},
      {"scenarios/world.cc", "engine/linux/b.h", true},
      {"scenarios/world.cc", "simulator/b.h", true},
      {"scenarios/shrink.cc", "simulator/b.h", false},
      {"scenarios/shrink.cc", "simulator/fault_plan.h", true},
      {"scenarios/oracle.cc", "fakes/reference/b.h", true},
      {"tests/volume/a.cc", "engine/volume/b.h", true},
      {"tests/volume/a.cc", "tests/support/b.h", true},
      {"tests/volume/a.cc", "bench/b.h", false},
      {"engine/prep/a.cc", "tests/support/b.h", false},
      {"bench/a_bench.cc", "tests/support/b.h", true},
      {"bench/a_bench.cc", "simulator/b.h", true},
      {"engine/attic/a.cc", "engine/base/b.h", false},
      {"engine/prep/a.cc", "engine/attic/b.h", false},
  };
  for (const auto& door : doors) {
    const auto breaches =
        check_includes({door.from, std::string("#include \"") + door.to + "\"\n"}, {door.to});
    EXPECT_EQ(breaches.empty(), door.open)
        << door.from << " → " << door.to << (breaches.empty() ? "" : ": " + breaches[0].what);
  }
}

TEST(IncludeRules, PathsAreFromTheTopAndThere) {
  EXPECT_THAT(texts(check_includes({"engine/base/a.cc", "\n#include \"b.h\"\n"}, {"engine/base/b.h"})),
              ElementsAre("engine/base/a.cc:2: \"b.h\" is not a path from the top of the tree"));
}

TEST(IncludeRules, SomeLibrariesBelongToOneRoom) {
  EXPECT_THAT(check_includes({"engine/volume/a.cc", "#include <ntfs-3g/volume.h>\n"}, {}), IsEmpty());
  EXPECT_THAT(check_includes({"tests/volume/a.cc", "#include <ntfs-3g/volume.h>\n"}, {}), IsEmpty());
  EXPECT_THAT(texts(check_includes({"fakes/reference/ntfs.cc", "#include <ntfs-3g/volume.h>\n"}, {})),
              ElementsAre(HasSubstr("belongs to other rooms")));
}

TEST(BuildRules, EverySourceIsInSomeList) {
  const BuildLists lists = build_lists(
      "# seedbed_room(no no/no)\nseedbed_room(base engine/base LINKS a)\nseedbed_program(tool "
      "engine/cli/tool_main.cc\n  ROOMS x)\nseedbed_program(once bench/once.cc ROOMS base)\n",
      "seedbed_tests(base ROOMS base)\nif(X)\n  seedbed_tests(more)\nendif()\n");
  EXPECT_THAT(lists.rooms, ElementsAre("engine/base"));
  EXPECT_THAT(lists.mains, ElementsAre("bench/once.cc", "engine/cli/tool_main.cc"));
  EXPECT_THAT(lists.tests, ElementsAre("base", "more"));
  for (const char* built : {"engine/base/a.cc", "engine/cli/tool_main.cc", "tests/base/a_test.cc",
                            "tests/support/a.cc", "bench/a_bench.cc", "bench/once.cc", "engine/base/a.h"})
    EXPECT_THAT(check_built(built, lists), IsEmpty()) << built;
  for (const char* forgotten :
       {"engine/attic/a.cc", "engine/base/sub/a.cc", "engine/cli/other_main.cc", "engine/cli/a.cc",
        "tests/other/a_test.cc", "tests/base/sub/a.cc", "tests/a.cc", "bench/a.cc", "bench/sub/a_bench.cc"})
    EXPECT_EQ(check_built(forgotten, lists).size(), 1u) << forgotten;
}

std::vector<std::string> defined(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& definition : definitions_of({"engine/prep/a.h", text})) names.push_back(definition.name);
  return names;
}

TEST(DefinitionRules, WhatTheLinkerSees) {
  EXPECT_THAT(defined("namespace a::b {\nstruct X;\nstruct X { int f(int x) { return x; } };\nenum class E : "
                      "uint8_t { one, two };\nclass Y final : public X { Y() : x_{1} {} };\n}\nunion U {};"),
              ElementsAre("a::b::X", "a::b::E", "a::b::Y", "U"));
  EXPECT_THAT(defined("namespace n {\nint f(const std::string& text, size_t n = 3, std::map<int, int>);\n"
                      "[[nodiscard]] Result<std::map<A, std::function<B(C)>>> g();\n"
                      "template <typename T>\ninline T h(T t) { return {t}; }\n"
                      "bool operator==(const A& a, const A& b);\n}\nint after;"),
              ElementsAre("n::f(const std::string&,size_t,std::map<int,int>,)", "n::g()", "n::h(T,)",
                          "n::operator==(const A&,const A&,)", "after"));
  EXPECT_THAT(defined("inline constexpr int kShared = 3;\nextern int known;\nint table[] = {1, 2};"),
              ElementsAre("kShared", "known", "table"));
  EXPECT_THAT(defined("#define X struct Y { \\\n  int z; }\nstruct A { int a = b(1); } a;"),
              ElementsAre("A"));
}

TEST(DefinitionRules, WhatTheLinkerDoesNotSee) {
  for (const char* unseen :
       {"namespace { struct X {}; int f() { return 1; } }", "static int f() { return 1; }",
        "constexpr int kOwn = 3;", "const std::string kOwn = \"a\";", "class X;", "using X = int;",
        "int X::f() const { return 1; }", "X::X(int a) : a_(a), b_{2}, c_({3}) { f(); }",
        "template <> struct hash<X> {};", "static_assert(sizeof(int) == 4);",
        "constexpr auto kOwn = [](int x) { return x; };", "// struct X {};", "namespace x = y;",
        "X& X::operator=(X&& other) noexcept { return *this; }"})
    EXPECT_THAT(defined(unseen), IsEmpty()) << unseen;
  // and it stands at the right place behind each of them
  EXPECT_THAT(defined("namespace n {\nX::X(int a) : a_(a), b_{2} { f(); }\nint X::g() { return 1; }\n"
                      "namespace {\nint h() { return 2; }\n}\nint i() { return 3; }\n}\nint j();"),
              ElementsAre("n::i()", "j()"));
}

TEST(DefinitionRules, APlantedPairIsCaught) {
  const SourceFile log{"engine/documents/copy_log.h", "namespace s {\nstruct CopyLog { int a; };\n}"},
      same{"fakes/import_service/copy_log.h", "namespace s {\n\nstruct CopyLog { long a, b; };\n}"},
      judge{"fakes/reference/copy_log.h", "namespace s::reference { struct CopyLog { int b; }; }"},
      parse{"engine/cloud/a.cc", "namespace s { Id parse_id(std::string_view text) { return {}; } }"},
      parses{"engine/staging/b.h", "namespace s { Id parse_id(std::string_view); }"},
      overload{"engine/agent/b.h", "namespace s { Id parse_id(const Json& json); }"},
      constant{"engine/journal/c.h", "namespace s { inline constexpr size_t kMax = 1; }"},
      constants{"engine/volume/c.h", "namespace s { inline constexpr size_t kMax = 2; }"};
  EXPECT_THAT(check_one_definition({log, judge, parse, overload, constant}), IsEmpty());
  EXPECT_THAT(texts(check_one_definition({log, same})),
              ElementsAre("fakes/import_service/copy_log.h:3: s::CopyLog is in another room too, at "
                          "engine/documents/copy_log.h:2: the linker would take one for both"));
  EXPECT_THAT(texts(check_one_definition({parse, parses})), ElementsAre(HasSubstr("s::parse_id")));
  EXPECT_THAT(texts(check_one_definition({constant, constants})), ElementsAre(HasSubstr("s::kMax")));
  // one room, two sources
  EXPECT_THAT(
      check_one_definition({{"engine/prep/a.h", "int f();"}, {"engine/prep/a.cc", "int f() { return 1; }"}}),
      IsEmpty());
  EXPECT_THAT(texts(check_one_definition({{"engine/prep/a.cc", "struct X { int a; };"},
                                          {"engine/prep/b.cc", "struct X { long a; };"}})),
              ElementsAre(HasSubstr("engine/prep/b.cc:1: X has a body at engine/prep/a.cc:1 too")));
  EXPECT_THAT(check_one_definition({{"tests/a/a.cc", "struct X {};"}, {"tests/b/b.cc", "struct X {};"}}),
              IsEmpty());
}

TEST(CodeRules, ClocksThreadsAndChanceAreForAdaptors) {
  for (const char* banned :
       {"std::thread t;", "std :: jthread t;", "std::mutex m;", "std::condition_variable c;",
        "std::chrono::steady_clock::now();", "std::this_thread::yield();", "int x = rand();",
        "std::random_device d;", "std::mt19937 g;", "std::regex r;", "static thread_local int x;",
        "std::call_once(f);", "return time(nullptr);", "std::time(nullptr);", "::time(0);",
        "gettimeofday(&t, 0);", "std::unordered_map<int, int> m;"})
    EXPECT_EQ(check_banned_names({"engine/prep/a.cc", banned}).size(), 1u) << banned;
  for (const char* fine :
       {"// std::thread", "\"std::mutex\"", "uint64_t time(int x);", "clock.time(1);", "clock->time(1);",
        "int rand = 3;", "brand();", "runtime.spawn();", "Clock::time(1);"})
    EXPECT_THAT(check_banned_names({"engine/prep/a.cc", fine}), IsEmpty()) << fine;
  EXPECT_THAT(check_banned_names({"engine/linux/a.cc", "std::thread t;"}), IsEmpty());
  EXPECT_THAT(check_banned_names({"tests/base/a.cc", "std::thread t;"}), IsEmpty());
  EXPECT_THAT(check_banned_names({"engine/base/log.cc", "std::mutex m;"}), IsEmpty());
  EXPECT_EQ(check_banned_names({"engine/base/log.cc", "std::thread t;"}).size(), 1u);
}

TEST(CodeRules, CatchAllThrowsOn) {
  EXPECT_THAT(check_catch_all({"engine/prep/a.cc", "try {} catch (...) { if (x) { y(); } throw; }"}),
              IsEmpty());
  EXPECT_THAT(check_catch_all({"engine/prep/a.cc", "try {} catch (const Killed&) { dead(); }"}), IsEmpty());
  EXPECT_THAT(texts(check_catch_all({"engine/prep/a.cc", "try {}\ncatch (...) {}\nvoid f() { throw; }"})),
              ElementsAre(HasSubstr("engine/prep/a.cc:2: catch (...)")));
  EXPECT_EQ(check_catch_all({"engine/prep/a.cc", "catch (...) { throw Other(); }"}).size(), 1u);
}

TEST(CodeRules, SomeFilesKeepAnExceptionForLater) {
  const std::string keeps = "catch (...) { thrown = std::current_exception(); return -1; }",
                    drops = "catch (...) { return -1; }";
  EXPECT_THAT(check_catch_all({"engine/volume/ntfs_device.cc", keeps}), IsEmpty());
  EXPECT_EQ(check_catch_all({"engine/volume/ntfs_device.cc", drops}).size(), 1u);
  EXPECT_EQ(check_catch_all({"engine/prep/a.cc", keeps}).size(), 1u);
}

TEST(CodeRules, ShapeOfFiles) {
  EXPECT_THAT(check_shape({"engine/base/a.h", "// What it is.\n#pragma once\n"}), IsEmpty());
  EXPECT_EQ(check_shape({"engine/base/a.h", "#pragma once\n// late\n"}).size(), 1u);
  EXPECT_EQ(check_shape({"engine/base/a.h", "// What it is.\nint x;\n"}).size(), 1u);
  EXPECT_EQ(check_shape({"engine/base/a.h", ""}).size(), 2u);
  std::string lines;
  for (int i = 0; i < 500; i++) lines += "int x;\n";
  EXPECT_THAT(check_shape({"engine/base/a.cc", lines}), IsEmpty());
  EXPECT_EQ(check_shape({"engine/base/a.cc", lines + "one more\n"}).size(), 1u);
}

TEST(CodeRules, NothingUnfinishedAndNoMachinesPaths) {
  const std::string mark = std::string("TO") + "DO";
  EXPECT_THAT(texts(check_unfinished({"docs/a.md", "x\n// " + mark + ": later\n"})),
              ElementsAre(HasSubstr("docs/a.md:2")));
  EXPECT_THAT(check_unfinished({"docs/a.md", mark + "S and " + mark + "_x"}), IsEmpty());

  const std::string work = std::string("/wo") + "rk", temporary = std::string("/t") + "mp";
  EXPECT_EQ(check_machine_paths({"engine/base/a.cc", "open(\"" + work + "/x\")"}).size(), 1u);
  EXPECT_EQ(check_machine_paths({"engine/base/a.cc", "open(\"" + work + "\")"}).size(), 1u);
  EXPECT_EQ(check_machine_paths({"docs/a.md", "in " + work + "/shared"}).size(), 1u);
  EXPECT_EQ(check_machine_paths({"tests/base/a.cc", "\"" + temporary + "/x\""}).size(), 1u);
  for (const auto& fine : {"a" + work + "/b", "_deps" + work + "/b", work + "ers/", "docs" + temporary + "/"})
    EXPECT_THAT(check_machine_paths({"engine/base/a.cc", fine}), IsEmpty()) << fine;
  EXPECT_THAT(check_machine_paths({"docs/a.md", "for example " + temporary + "/x"}), IsEmpty());
}

TEST(CodeRules, FormatDocumentsAreWhole) {
  EXPECT_THAT(check_format_document({"docs/formats/a.md", "## Layout\n## Worked example\n## Downsides\n"}),
              IsEmpty());
  EXPECT_THAT(check_format_document({"docs/formats/a.md", "Grammar, an example, and downsides"}), IsEmpty());
  EXPECT_EQ(check_format_document({"docs/formats/a.md", "prose"}).size(), 3u);
}

}  // namespace
}  // namespace seedbed::house
