// Words of the command line, names for the drive, the drive marker: what is taken and what is refused.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "engine/prep/drive_marker.h"
#include "engine/prep/prep_options.h"
#include "engine/prep/safe_names.h"
#include "engine/volume/upcase.h"

namespace seedbed {
namespace {

TEST(PrepOptions, TakesTheDocumentedExample) {
  const auto options = parse_prep_import(
      {"/j:9WM35C2V.jrn", "/id:session#1",
       "/sk:VkGbrUqBWLYJ6zg1m29VOTrxpBgdNOlp+kp0C9MEdx3GELxmBw4hK94f7KysbbeKLDksg7VoN1W/a5UuM2zNgQ==", "/t:x",
       "/format", "/encrypt", "/srcdir:/movies/drama", "/dstdir:movies/drama/"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->session_id, "session#1");
  EXPECT_TRUE(options->format && options->encrypt && !options->silent);
  EXPECT_TRUE(check_first_session(*options));
}

TEST(PrepOptions, NamesOfOptionsTakeAnyCaseValuesDoNot) {
  EXPECT_TRUE(parse_prep_import({"/J:a.jrn", "/ID:abc", "/RESUMESESSION"}));
  EXPECT_TRUE(parse_prep_import({"/j:a.jrn", "/id:abc", "/BlobType:PageBlob"}));
  EXPECT_FALSE(parse_prep_import({"/j:a.jrn", "/id:abc", "/BlobType:PAGEBLOB"}));
  EXPECT_FALSE(parse_prep_import({"/j:a.jrn", "/id:abc", "/j:b.jrn"}));
  EXPECT_FALSE(parse_prep_import({"/j:a.jrn", "/id:abc", "/ResumeSession", "/AbortSession"}));
}

TEST(PrepOptions, ContainerNamesFollowTheServicesRules) {
  for (const char* good : {"abc", "a-b-c", "box1", "0ab"}) EXPECT_TRUE(check_container_name(good)) << good;
  for (const char* bad : {"ab", "Abc", "a--b", "-abc", "abc-", "a_b", "a.b", ""})
    EXPECT_FALSE(check_container_name(bad)) << bad;
  EXPECT_FALSE(check_container_name(std::string(64, 'a')));
  EXPECT_TRUE(check_destination("$root/"));
  EXPECT_FALSE(check_destination("$root/dir/"));
  EXPECT_FALSE(check_destination("box//dir/"));
}

RC_GTEST_PROP(PrepOptions, AnyWordsAreTakenOrRefusedButNeverRepeatAKey,
              (const std::vector<std::string>& words)) {
  auto with_key = words;
  with_key.push_back("/sk:not base64 at all");
  const auto options = parse_prep_import(with_key);
  if (!options) RC_ASSERT(options.error().message().find("not base64 at all") == std::string::npos);
}

bool windows_can_hold(const std::string& name) {
  const auto wide = utf16_of(name);
  if (!wide || wide->empty() || wide->size() > 255) return false;
  for (const char16_t unit : *wide)
    if (unit < 0x20 || std::u16string_view(u"*\"/:<>?\\|").find(unit) != std::u16string_view::npos)
      return false;
  return wide->back() != u'.' && wide->back() != u' ';
}

RC_GTEST_PROP(SafeNames, AnyNamesOfADirectoryBecomeDistinctLegalOnes, ()) {
  const auto unit = rc::gen::element<std::string>("a", "A", "é", "É", ".", " ", ":", "?", "*", "\\", "\n",
                                                  "con", "NUL", "ß", "𝄞", "~2");
  const auto names = *rc::gen::container<std::vector<std::string>>(
      rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(unit)),
                   [](const std::vector<std::string>& parts) {
                     std::string name;
                     for (const std::string& part : parts) name += part;
                     return name;
                   }));
  SafeNames given;
  std::set<std::u16string> folded;
  for (const std::string& name : names) {
    const auto safe = given.give(name);
    RC_ASSERT(safe.has_value());
    RC_ASSERT(windows_can_hold(*safe));
    RC_ASSERT(folded.insert(ntfs_fold(*utf16_of(*safe))).second);
  }
}

TEST(SafeNames, LeavesGoodNamesAlone) {
  SafeNames names;
  for (const char* good : {"a.txt", "Ünï.doc", "with blank", "COMMON", ".hidden"})
    EXPECT_EQ(names.give(good), good);
  EXPECT_EQ(names.give("A.TXT"), "A~2.TXT");
  EXPECT_EQ(names.give("CON.txt"), "_CON.txt");
  EXPECT_EQ(names.give("what?"), "what_");
  EXPECT_EQ(names.give("end."), "end_");
  EXPECT_EQ(names.give("\xff"), std::nullopt);
  EXPECT_EQ(utf16_of(*names.give(std::string(300, 'x') + ".txt"))->size(), 255u);
}

RC_GTEST_PROP(DriveMarker, ComesBackAsItWent, (uint64_t generation, uint8_t state)) {
  DriveMarker marker;
  marker.state = static_cast<MarkerState>(1 + state % 3);
  marker.generation = generation;
  for (size_t i = 0; i < 16; i++) marker.journal.bytes[i] = static_cast<uint8_t>(generation >> i);
  const auto parsed = parse_marker(encode_marker(marker), "d");
  RC_ASSERT((parsed.has_value() && parsed->has_value()));
  RC_ASSERT(**parsed == marker);
}

RC_GTEST_PROP(DriveMarker, AChangedByteIsNoMarkerOrCorrupt, (uint64_t generation, uint8_t mask)) {
  RC_PRE(mask != 0);
  DriveMarker marker;
  marker.generation = generation;
  Bytes block = encode_marker(marker);
  block[*rc::gen::inRange<size_t>(0, 84)] ^= mask;
  const auto parsed = parse_marker(block, "d");
  RC_ASSERT((!parsed.has_value() || !parsed->has_value()));
}

}  // namespace
}  // namespace seedbed
